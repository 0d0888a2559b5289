import Foundation

/// The process behind the mount. It unmounts when it is told to end, and when its standard input
/// ends, which is when this process dies.
struct FaultServer {
    private let mountPoint: String
    private let process = Process()
    private let input = Pipe()
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter script: of the file system, beside this file.
    init(_ script: String, mountPoint: String) throws {
        self.mountPoint = mountPoint
        let output = Pipe()
        // Debian's own interpreter: the one that python3-fusepy is for.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [
            "-B", "\(StagedBake.repository)/Tests/TestSupport/\(script)", mountPoint,
        ]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
        let words = Self.line(of: output.fileHandleForReading)
        guard words == "mounted" else {
            try stop()
            throw TestFailure("cannot mount \(script): \(words)")
        }
    }

    private static func line(of output: FileHandle) -> String {
        var words = Data()
        while words.last != UInt8(ascii: "\n") {
            let more = output.availableData
            if more.isEmpty { break }
            words += more
        }
        return String(decoding: words, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    func stop() throws {
        process.terminate()
        if ended.wait(timeout: .now() + 10) == .timedOut {
            kill(process.processIdentifier, SIGKILL)
            ended.wait()
        }
        let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
        guard mounts.contains(" \(mountPoint) ") else { return }
        try runProcess(["umount", "-l", mountPoint])
        throw TestFailure("\(mountPoint) did not unmount itself")
    }
}
