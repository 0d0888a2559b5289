import BakeContract
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Launching

/// What the launcher does about the machine it runs on; no guest is needed. One at a time, since
/// signal dispositions belong to the process. Boots are in BootTests.
@Suite(.serialized) struct LauncherTests {
    /// A stand-in for QEMU: a shell script that finds the descriptors QEMU would.
    private func run(
        script: String, timeoutSeconds: Int? = 60,
        _ change: (inout LaunchRequest) -> Void = { _ in }
    ) throws -> LaunchOutcome {
        let scratch = try TemporaryDirectory()
        try scratch.writeScript(script, to: "qemu")
        try scratch.write("image", to: "app.img")
        var request = LaunchRequest(image: FilePath(scratch.path("app.img")))
        change(&request)
        let tools = LaunchTools(qemu: FilePath(scratch.path("qemu")), uefi: nil)
        return try Launcher.run(
            QEMUCommand(request, accelerator: .tcg, tools: tools), timeoutSeconds: timeoutSeconds)
    }

    @Test(
        arguments: [
            ("echo exit 7 >&5", .program(status: 7)),
            ("echo exit 7 >&5; exit 3", .program(status: 7)),
            ("echo failed 70 no root >&5", .guestFailed(status: 70, text: "no root")),
            ("printf 'exit 7' >&5; echo last >&6", .noStatus(console: Bytes("last\n".utf8))),
        ] as [(String, LaunchOutcome)])
    func outcomes(script: String, expected: LaunchOutcome) throws {
        #expect(try run(script: script) == expected)
    }

    @Test func aFailureOfQEMUCarriesItsMessage() {
        #expect(throws: LaunchError.qemuFailed(status: 1, message: Bytes("no such thing\n".utf8))) {
            try run(script: "echo no such thing >&2; exit 1")
        }
        #expect(throws: LaunchError.qemuFailed(status: 128 + SIGSEGV, message: [])) {
            try run(script: "kill -SEGV $$")
        }
    }

    @Test func aRefusedForwardIsNamed() {
        let forward = PortForward(transport: .udp, hostPort: 40001, guestPort: 80)
        let rule = "udp:127.0.0.1:40001-:80"
        #expect(throws: LaunchError.portInUse(forward)) {
            try run(
                script: "echo \"x: Could not set up host forwarding rule '\(rule)'\" >&2; exit 1"
            ) {
                $0.forwards = [forward]
            }
        }
    }

    @Test func withoutInputTheProgramSeesItsEnd() throws {
        let outcome = try run(script: "cat >&6; echo exit $? >&5")
        #expect(outcome == .program(status: 0))
    }

    @Test func aMachineThatNeverEndsIsKilled() throws {
        let outcome = try run(script: "echo here >&6; exec sleep 1000", timeoutSeconds: 1)
        #expect(outcome == .timedOut(console: Bytes("here\n".utf8)))
    }

    @Test func onlyTheChannelsAreInherited() throws {
        let leaked = open("/dev/null", O_RDONLY)
        #expect(leaked >= 0)
        defer { close(leaked) }
        // Whichever is free: other tests run beside this one.
        let high = fcntl(leaked, F_DUPFD, 90)
        #expect(high >= 90)
        defer { close(high) }
        guard case .noStatus(let list) = try run(script: "ls /proc/$$/fd >&6") else {
            Issue.record("no list of descriptors")
            return
        }
        // The shell itself keeps its script open on 10 or above.
        let numbers = ConsoleTail.printableLines(list).compactMap { Int($0) }.sorted()
        #expect(numbers.filter { $0 < 10 } == Array(0...7))
        #expect(!numbers.contains(Int(high)))
    }

    @Test func aSignalAsksTheGuestToEndThroughTheMonitor() throws {
        // The stand-in reads the monitor's socket and ends on the key or button, as a guest would.
        for (signal, status) in [("TERM", 143), ("INT", 130)] as [(String, UInt8)] {
            let script = """
                kill -\(signal) \(getpid())
                while read -r line <&7; do
                    case $line in
                    *system_powerdown*) echo exit 143 >&5; exit 0;;
                    *ctrl*alt*delete*) echo exit 130 >&5; exit 0;;
                    esac
                done
                """
            #expect(try run(script: script) == .program(status: status))
        }
    }

    /// A guest whose kernel has no driver for the button: Ctrl-Alt-Del follows.
    @Test func anUnheardButtonIsFollowedByTheKeys() throws {
        let script = """
            kill -TERM \(getpid())
            while read -r line <&7; do
                case $line in *ctrl*alt*delete*) echo exit 130 >&5; exit 0;; esac
            done
            """
        #expect(try run(script: script) { $0.graceSeconds = -5 } == .program(status: 130))
    }

    @Test func aSecondSignalKills() throws {
        let script = """
                        kill -TERM \(getpid())
            read -r line <&7
            kill -TERM \(getpid())
            exec sleep 1000
            """
        #expect(try run(script: script) == .stopped(signal: SIGTERM))
    }

    @Test func imagesThatCannotBeRead() throws {
        let scratch = try TemporaryDirectory()
        let missing = FilePath(scratch.path("missing.img"))
        for (path, errno) in [
            (missing, Errno.noSuchFileOrDirectory), (FilePath(scratch.path), .isDirectory),
        ] {
            let command = try QEMUCommand(
                LaunchRequest(image: path), accelerator: .tcg, tools: toolsOfTests)
            #expect(throws: LaunchError.cannotReadImage(path: path, errno: errno)) {
                try Launcher.run(command)
            }
        }
    }

    @Test(arguments: [PortForward.Transport.tcp, .udp])
    func aPortInUseIsNamedBeforeQEMUStarts(transport: PortForward.Transport) throws {
        let (descriptor, port) = try Self.listen(transport)
        defer { close(descriptor) }
        let forward = PortForward(transport: transport, hostPort: port, guestPort: 80)
        #expect(throws: LaunchError.portInUse(forward)) {
            try run(script: "echo exit 0 >&5") { $0.forwards = [forward] }
        }
    }

    @Test func aForeignAddressIsRefused() throws {
        let forward = PortForward(hostAddress: "192.0.2.1", hostPort: 40002, guestPort: 80)
        #expect(throws: LaunchError.portRefused(forward, errno: .addressNotAvailable)) {
            try forward.checkIsFree()
        }
    }

    /// A socket on a port of the kernel's choice.
    private static func listen(_ transport: PortForward.Transport) throws -> (Int32, UInt16) {
        let type = transport == .tcp ? SOCK_STREAM : SOCK_DGRAM
        let descriptor = socket(AF_INET, Int32(type.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound, transport == .udp || Glibc.listen(descriptor, 1) == 0 else {
            throw TestFailure("no socket to test with: \(Errno(rawValue: errno))")
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
