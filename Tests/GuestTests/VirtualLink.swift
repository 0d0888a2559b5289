import Foundation
import Synchronization
import TestSupport
import Testing

/// Two network namespaces with a cable between them: `bake0` in one, 10.77.0.1 on `server0` in the
/// other. Gone with its owner. Needs root.
final class VirtualLink: Sendable {
    private let clientName: String
    private let serverName: String
    private let scratch: TemporaryDirectory
    private let server = Mutex<pid_t?>(nil)

    init() throws {
        try #require(geteuid() == 0, "network namespaces need root")
        let number = "\(getpid())-\(UInt16.random(in: .min ... .max))"
        clientName = "bake-c-\(number)"
        serverName = "bake-s-\(number)"
        scratch = try TemporaryDirectory()
        try Self.must(["ip", "netns", "add", clientName])
        try Self.must(["ip", "netns", "add", serverName])
        try Self.must([
            "ip", "-n", clientName, "link", "add", "bake0", "type", "veth", "peer", "name",
            "server0", "netns", serverName,
        ])
        try Self.must(["ip", "-n", serverName, "addr", "add", "10.77.0.1/24", "dev", "server0"])
        try Self.must(["ip", "-n", serverName, "link", "set", "server0", "up"])
    }

    deinit {
        stopServer()
        for name in [clientName, serverName] {
            _ = try? runProcess(["ip", "netns", "del", name])  // an empty namespace harms nobody
        }
    }

    private static func must(_ command: [String]) throws {
        let result = try runProcess(command)
        guard result.status == 0 else {
            throw TestFailure("\(command.joined(separator: " ")): \(result.stderrText)")
        }
    }

    /// A second cable: `bake1` in the client's namespace, 10.78.0.1 on `server1` in the server's.
    func addCable() throws {
        try Self.must([
            "ip", "-n", clientName, "link", "add", "bake1", "type", "veth", "peer", "name",
            "server1", "netns", serverName,
        ])
        try Self.must(["ip", "-n", serverName, "addr", "add", "10.78.0.1/24", "dev", "server1"])
        try Self.must(["ip", "-n", serverName, "link", "set", "server1", "up"])
    }

    func client(_ command: [String]) throws -> ProcessResult {
        try runProcess(["ip", "netns", "exec", clientName] + command)
    }

    /// Runs in the server's namespace and must succeed.
    func server(_ command: [String]) throws {
        try Self.must(["ip", "netns", "exec", serverName] + command)
    }

    /// Starts dnsmasq as a DHCP server; returns when it listens.
    func startServer(_ options: [String]) throws {
        let log = scratch.path("log")
        try "".write(toFile: log, atomically: false, encoding: .utf8)
        let pid = try Self.spawn(
            [
                "ip", "netns", "exec", serverName, "dnsmasq", "--keep-in-foreground",
                "--conf-file=/dev/null", "--port=0", "--interface=server0", "--bind-interfaces",
                "--except-interface=lo", "--dhcp-authoritative", "--no-ping", "--user=root",
                "--pid-file=", "--log-facility=-", "--dhcp-leasefile=\(scratch.path("leases"))",
            ] + options, log: log)
        server.withLock { $0 = pid }
        for _ in 0..<500 {
            let text = try String(contentsOfFile: log, encoding: .utf8)
            // The sockets are there before it tells what it gives out.
            if text.contains("DHCP, IP range") { return }
            usleep(20_000)
        }
        throw TestFailure(
            "dnsmasq does not listen: \(try String(contentsOfFile: log, encoding: .utf8))")
    }

    /// dnsmasq closes what it inherits, which Foundation's Process takes for its end and then
    /// waits for, with a lock on all other processes; so it is started without.
    private static func spawn(_ command: [String], log: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_APPEND, 0)
        var arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, command[0], &actions, nil, &arguments, environ)
        guard result == 0 else { throw TestFailure("cannot start \(command[0]): errno \(result)") }
        return pid
    }

    /// - Parameter forgetting: leases too, as a server does that was installed anew.
    func stopServer(forgetting: Bool = true) {
        server.withLock { process in
            guard let pid = process else { return }
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            process = nil
            if forgetting { unlink(scratch.path("leases")) }
        }
    }

    /// Runs `body` on a thread of its own that has entered the client's namespace, setns(2).
    func inClientNamespace<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) throws -> Value {
        let path = "/run/netns/\(clientName)"
        let outcome = Outcome<Value>()
        let done = DispatchSemaphore(value: 0)
        Thread {
            outcome.set(
                Result {
                    try Self.enter(path)
                    return try body()
                })
            done.signal()
        }.start()
        done.wait()
        return try outcome.get()
    }

    private static func enter(_ path: String) throws {
        // Swift's Glibc module leaves GNU's names out.
        typealias SetNS = @convention(c) (Int32, Int32) -> Int32
        guard let symbol = dlsym(nil, "setns") else { throw TestFailure("there is no setns") }
        let setns = unsafeBitCast(symbol, to: SetNS.self)
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        guard descriptor >= 0, setns(descriptor, 0x4000_0000) == 0 else {
            throw TestFailure("cannot enter \(path): errno \(errno)")
        }
    }
}

/// What a thread leaves behind.
private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)

    func set(_ value: Result<Value, any Error>) { result.withLock { $0 = value } }

    func get() throws -> Value {
        guard let result = result.withLock({ $0 }) else { throw TestFailure("no result") }
        return try result.get()
    }
}
