import Foundation
import TestSupport
import Testing

/// What keeps an image from starting is said before a machine starts, with status 125; what only
/// the guest can see stops it before its program.
@Suite(.serialized)
struct LaunchRefusalTests {
    @Test func withoutQEMU() throws {
        let result = try StagedBake.run(
            ["run", try ProbeImage.baked.get()], environment: ["PATH": "/nowhere"])
        #expect(result.status == 125)
        #expect(result.stderrText.contains("qemu-system-x86_64"), "\(result.stderrText)")
        #expect(result.stderrText.contains("apt-get install qemu-system-x86"))
        #expect(result.stdoutText.isEmpty)
    }

    @Test func portInUse() throws {
        let (listener, port) = try Self.listenSomewhere()
        defer { close(listener) }
        let result = try StagedBake.run([
            "run", "--accel", "tcg", "-p", "\(port):80", try ProbeImage.baked.get(),
        ])
        #expect(result.status == 125)
        #expect(result.stderrText.contains("port \(port)"), "\(result.stderrText)")
        #expect(result.stderrText.contains("already in use"))
        #expect(result.stdoutText.isEmpty)
    }

    @Test func overridesThatNoChannelHolds() throws {
        let variables = (0..<3).flatMap { number in
            ["-e", "LONG\(number)=\(String(repeating: "x", count: 60_000))"]
        }
        let result = try StagedBake.run(
            ["run", "--accel", "tcg"] + variables + [try ProbeImage.baked.get()])
        #expect(result.status == 125)
        #expect(result.stderrText.contains("131071"), "\(result.stderrText)")
        #expect(result.stdoutText.isEmpty)
    }

    /// The stub cuts what the kernel would have run over, and says so to PID 1.
    @Test func aCommandLineTooLongForTheKernel() throws {
        let filler = String(repeating: "x", count: 2300)
        let console = try Machine.console([
            "-kernel", try ProbeImage.baked.get(), "-append", "\(filler) bake.hostname=lost",
        ])
        #expect(ProbeImage.lines(console).contains { $0.hasPrefix("bake: error: ") }, "\(console)")
        #expect(console.contains("longer than the kernel takes"), "\(console)")
        #expect(!console.contains("hostname: "))
    }

    /// A listening socket on a port of the loopback interface that the kernel chose.
    private static func listenSomewhere() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isListening else { throw TestFailure("no port to listen on: errno \(errno)") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
