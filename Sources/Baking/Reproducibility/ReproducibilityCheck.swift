internal import Glibc
public import Kernels
public import SystemPackage
internal import Tools
internal import Trees

/// What came of baking the same request twice.
public struct Reproducibility: Sendable {
    /// What was changed around the second bake, and what was not: nouns.
    public let changed: [String]
    public let unchanged: [String]
    /// Empty when every byte of the images is the same.
    public let differences: [ImageDifference]

    public var isSame: Bool { differences.isEmpty }
}

/// Bakes what was baked a second time, in a process of its own with everything changed around it
/// that must make no difference, and compares the images.
public struct ReproducibilityCheck: Sendable {
    /// The command that bakes; `build --disturbed` is known to it.
    let command: FilePath
    let cache: KernelCache
    let environment: [String: String]

    public init(command: FilePath, cache: KernelCache, environment: [String: String]) {
        self.command = command
        self.cache = cache
        self.environment = environment
    }

    /// Removes what a check has made beside the output, for a command that was interrupted and is
    /// about to end. Not to be called inside a signal handler.
    public static func abandon() { ScratchDirectory.removeUnfinished() }

    /// - Parameter request: whose output has just been baked; it stays.
    public func run(_ request: BakeRequest) async throws(BakeError) -> Reproducibility {
        let output = FilePath(request.output)
        let room = try SecondBakeRoom(beside: output)
        try room.furnish(lending: cache)
        let disturbance = Disturbance(
            of: environment, home: room.home, temporary: room.temporary)
        try request.save(to: room.request.string)
        try await bakeAgain(request, room, disturbance)
        let differences = try Self.differences(request, output, room.image, room.temporary)
        try room.remove()
        return Reproducibility(
            changed: disturbance.changed, unchanged: disturbance.unchanged,
            differences: differences)
    }

    private static func differences(
        _ request: BakeRequest, _ first: FilePath, _ second: FilePath, _ scratch: FilePath
    ) throws(BakeError) -> [ImageDifference] {
        guard request.format == .image else {
            return try PartComparison(
                first: first, second: second, format: request.format, scratch: scratch
            ).differences()
        }
        return try ImageComparison(first, second, scratch: scratch).differences()
    }

    /// Another umask; and an end to the second bake when this process, whose end closes standard
    /// input, does not wait for it any more. libfaketime names its semaphore after the first process
    /// it is in, and leaves it.
    private static let script = """
        umask 077
        exec 3<&0
        "$@" 3<&- & bake=$!
        (cat <&3 >/dev/null; kill $bake) 2>/dev/null & watch=$!
        exec 3<&-
        wait $bake
        status=$?
        kill $watch 2>/dev/null
        rm -f /dev/shm/sem.faketime_sem_$$ /dev/shm/faketime_shm_$$
        exit $status
        """

    private func bakeAgain(
        _ request: BakeRequest, _ room: borrowing SecondBakeRoom, _ disturbance: Disturbance
    ) async throws(BakeError) {
        let leftOut: [String]
        do throws(FileFailure) {
            leftOut = try [absolute(FilePath(request.output)).string, room.path.string]
        } catch {
            throw BakeError(.failed, "cannot bake a second time: \(error)")
        }
        let arguments =
            [command.string, "build", "--disturbed", "--quiet", "--file", room.request.string]
            + leftOut.flatMap { ["--leave-out", $0] } + ["--output", room.image.string]
        var environment = disturbance.environment
        environment["BAKE_CACHE"] = room.cache.string
        let result: ToolResult
        do throws(ToolError) {
            result = try await runTool(
                "sh", ["-c", Self.script, "sh"] + arguments, in: "/", environment: environment
            ) { _ in }
        } catch {
            throw BakeError(.failed, "cannot bake a second time: \(error)")
        }
        // Whoever abandons the check takes the second bake's files away, and ends this process.
        ScratchDirectory.pauseIfEnding()
        guard result.status == 0 else {
            throw BakeError(
                .failed,
                "the second bake ended with \(result.status): "
                    + result.messages.split(separator: "\n").joined(separator: "; "))
        }
    }
}
