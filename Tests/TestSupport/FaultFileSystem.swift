import Foundation

/// A mounted file system whose files misbehave, one directory a fault: faultfs.py beside this file.
/// Needs /dev/fuse and the right to mount, which root has; a machine that lacks them fails the test.
public struct FaultFileSystem: Sendable {
    public enum Fault: String, Sendable, CaseIterable {
        case shrinks, grows, modified, vanishes, denied
        case readsEIO = "reads-eio"
        /// Has data although its size is 0, as files of proc do.
        case noSize = "no-size"
        case statusEIO = "stat-eio"
        case xattrEIO = "xattr-eio"
        case linkEIO = "link-eio"
        case listEIO = "list-eio"
        case listDenied = "list-denied"
    }

    private let mountPoint: String

    /// A directory with good files `aaa` and `zzz`, and what has the fault, `bad`, between them.
    public func path(_ fault: Fault) -> String { "\(mountPoint)/\(fault.rawValue)" }

    /// Mounts it, and unmounts it however `body` ends.
    public static func mounted<Value>(_ body: (FaultFileSystem) throws -> Value) throws -> Value {
        let scratch = try TemporaryDirectory()
        let server = try FaultServer(mountPoint: scratch.path)
        let result = Result { try body(FaultFileSystem(mountPoint: scratch.path)) }
        try server.stop()
        return try result.get()
    }
}

/// The process behind the mount. It unmounts when it is told to end, and when its standard input
/// ends, which is when this process dies.
private struct FaultServer {
    private let mountPoint: String
    private let process = Process()
    private let input = Pipe()
    private let ended = DispatchSemaphore(value: 0)

    init(mountPoint: String) throws {
        self.mountPoint = mountPoint
        let output = Pipe()
        // Debian's own interpreter: the one that python3-fusepy is for.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [
            "\(StagedBake.repository)/Tests/TestSupport/faultfs.py", mountPoint,
        ]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
        let words = Self.line(of: output.fileHandleForReading)
        guard words == "mounted" else {
            try stop()
            throw TestFailure("cannot mount the fault file system: \(words)")
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
        throw TestFailure("the fault file system did not unmount itself")
    }
}
