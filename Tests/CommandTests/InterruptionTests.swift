import Foundation
import TestSupport
import Testing

/// A bake that is stopped half way leaves what stood under the output's name, whole, and no litter.
@Suite(.serialized)
struct InterruptionTests {
    /// Takes any machine seconds to read, digest and write. Gone with the test, unlike a static.
    private let source: TemporaryDirectory

    init() throws {
        source = try TemporaryDirectory()
        try BusyboxTree.make(at: source.path("tree"))
        let made = try runProcess([
            "sh", "-c", "head -c 400000000 /dev/urandom > \"$0\"", source.path("tree/noise"),
        ])
        guard made.status == 0 else { throw TestFailure(made.stderrText) }
    }

    /// When the signal comes.
    private enum Moment {
        /// The tree is being packed: much of it was read (proc_pid_io(5), rchar).
        case packing
        /// What is around the blob is being written, in the file without a name that has it.
        case writing

        func isReached(by process: Int32, in directory: String) -> Bool {
            switch self {
            case .packing:
                let file = "/proc/\(process)/io"
                let text = try? String(contentsOfFile: file, encoding: .utf8)  // nil: it has ended
                let line = text?.split(separator: "\n").first { $0.hasPrefix("rchar: ") }
                return line.flatMap { Int($0.dropFirst(7)) } ?? 0 > 80_000_000
            case .writing:
                let open = "/proc/\(process)/fd"
                let files = try? FileManager.default.contentsOfDirectory(atPath: open)
                return (files ?? []).contains {
                    let target = try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "\(open)/\($0)")  // nil: it has been closed since
                    return target?.hasPrefix(directory) == true
                        && target?.hasSuffix(" (deleted)") == true
                        && FileHandle(forReadingAtPath: "\(open)/\($0)")?.readData(ofLength: 2)
                            == Data("MZ".utf8)
                }
            }
        }
    }

    @Test func whilePacking() throws {
        for blob in ["squashfs", "tar"] {
            for signal in [SIGINT, SIGTERM, SIGKILL] {
                let names = try interrupt(at: .packing, with: signal, ["--blob", blob])
                #expect(names == ["app.img"], "\(blob), signal \(signal)")
            }
        }
    }

    @Test func whileWriting() throws {
        for signal in [SIGINT, SIGTERM, SIGKILL] {
            let names = try interrupt(at: .writing, with: signal, ["--compression", "none"])
            #expect(names == ["app.img"], "signal \(signal)")
        }
    }

    /// Sends a signal to a bake, checks how it ends and that the old output stands, and returns the
    /// names that are in its directory then.
    private func interrupt(
        at moment: Moment, with signal: Int32, _ flags: [String]
    ) throws -> [String] {
        let scratch = try TemporaryDirectory()
        let old = "the old image"
        try scratch.write(old, to: "app.img")
        let bake = Process()
        bake.executableURL = URL(fileURLWithPath: try StagedBake.part("bin/bake"))
        bake.arguments =
            ["-R", source.path("tree"), "-o", scratch.path("app.img")] + flags
            + ["--", "/bin/sh"]
        bake.standardError = FileHandle.nullDevice
        try bake.run()
        while bake.isRunning,
            !moment.isReached(by: bake.processIdentifier, in: scratch.path)
        {
            usleep(1000)
        }
        #expect(bake.isRunning, "it ended before it could be interrupted")
        kill(bake.processIdentifier, signal)
        bake.waitUntilExit()
        #expect(bake.terminationReason == (signal == SIGKILL ? .uncaughtSignal : .exit))
        #expect(bake.terminationStatus == (signal == SIGKILL ? SIGKILL : 130))
        #expect(try String(contentsOf: scratch.url("app.img"), encoding: .utf8) == old)
        return try FileManager.default.contentsOfDirectory(atPath: scratch.path)
    }
}
