import Foundation
import Synchronization
import TestSupport
import Testing

@testable import BakeContract
@testable import bake_init

/// PID 1's network code against a real server, dnsmasq, over a pair of virtual Ethernet interfaces
/// between two network namespaces. Needs root.
@Suite(.serialized) struct NetworkNamespaceTests {
    @Test func aLeaseIsGotAppliedAndRenewed() throws {
        let link = try VirtualLink()
        try link.startServer([
            "--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,2m", "--dhcp-option=3,10.77.0.1",
            "--dhcp-option=6,10.77.0.1,10.77.0.2", "--dhcp-option=15,example.net",
            "--dhcp-option=26,1400", "--dhcp-host=web,10.77.0.55",
        ])
        let notes = try link.inClientNamespace {
            var request = InterfaceRequest(
                interface: NetworkInterface(name: nil, method: .dhcp), hostname: "web".bytes)
            request.timeoutSeconds = 20
            let clock = JumpingClock()
            let configured = try bringUp(request, clock: clock.now)
            #expect(configured.name == "bake0".bytes)
            let addressing = configured.addressing
            #expect(addressing.address.description == "10.77.0.55")
            #expect(addressing.prefix.count == 24)
            #expect(addressing.nameServers.map(\.description) == ["10.77.0.1", "10.77.0.2"])
            #expect(addressing.domain == "example.net".bytes)
            #expect(addressing.mtu == 1400)
            let keeper = try #require(configured.keeper)
            clock.jump(to: try #require(keeper.deadline))
            return try serve(keeper, clock, until: { $0 == .renewed })
        }
        #expect(notes == [.renewed])
        let addresses = try link.client(["ip", "-4", "addr", "show", "bake0"]).stdoutText
        #expect(addresses.contains("inet 10.77.0.55/24 brd 10.77.0.255"))
        #expect(addresses.contains("mtu 1400"))
        let routes = try link.client(["ip", "route"]).stdoutText
        #expect(routes.contains("default via 10.77.0.1 dev bake0"))
    }

    @Test func aServerThatForgotTheLeaseTakesTheAddressAway() throws {
        let link = try VirtualLink()
        try link.startServer(["--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,2m"])
        let notes = try link.inClientNamespace {
            var request = InterfaceRequest(
                interface: NetworkInterface(name: "bake0".bytes, method: .dhcp))
            request.timeoutSeconds = 20
            let clock = JumpingClock()
            let keeper = try #require(try bringUp(request, clock: clock.now).keeper)
            link.stopServer()
            try link.startServer([
                "--dhcp-range=10.77.0.70,10.77.0.80,255.255.255.0,2m"
            ])
            clock.jump(to: try #require(keeper.deadline))
            return try serve(keeper, clock) {
                if case .changed = $0 { return true }
                return false
            }
        }
        #expect(notes.first == .lost)
        guard case .changed(let addressing) = notes.last else {
            Issue.record("\(notes)")
            return
        }
        #expect((70...80).contains(addressing.address.bits & 255))
        let addresses = try link.client(["ip", "-4", "addr", "show", "bake0"]).stdoutText
        #expect(addresses.components(separatedBy: "inet ").count == 2, "\(addresses)")
    }

    @Test func noServerIsNamed() throws {
        let link = try VirtualLink()
        let failure = try link.inClientNamespace { () -> NetworkError? in
            var request = InterfaceRequest(
                interface: NetworkInterface(name: "bake0".bytes, method: .dhcp))
            request.timeoutSeconds = 2
            do throws(NetworkError) {
                _ = try bringUp(request)
                return nil
            } catch {
                return error
            }
        }
        #expect(
            failure?.description == "no DHCP server answered on bake0 within 2 s")
    }

    @Test func noInterfaceIsNamed() throws {
        let link = try VirtualLink()
        let failure = try link.inClientNamespace { () -> NetworkError? in
            var request = InterfaceRequest(
                interface: NetworkInterface(name: "eth7".bytes, method: .dhcp))
            request.timeoutSeconds = 0
            do throws(NetworkError) {
                _ = try bringUp(request)
                return nil
            } catch {
                return error
            }
        }
        #expect(failure?.description == "there is no network interface 'eth7' (waited 0 s)")
    }

    /// A gateway beside the interface's own network, as clouds with /32 addresses have it.
    @Test func aFixedAddressAndALoopback() throws {
        let link = try VirtualLink()
        try link.inClientNamespace {
            try bringUpLoopback()
            var interface = NetworkInterface(
                name: "bake0".bytes,
                method: .fixed(
                    address: IPv4Address(parsing: "10.77.0.9".bytes)!,
                    prefix: IPv4PrefixLength(count: 32)!,
                    gateway: IPv4Address(parsing: "10.77.0.1".bytes)!))
            interface.mtu = 1300
            #expect(try bringUp(InterfaceRequest(interface: interface)).keeper == nil)
        }
        let addresses = try link.client(["ip", "-4", "addr"]).stdoutText
        #expect(addresses.contains("inet 127.0.0.1/8"))
        #expect(addresses.contains("inet 10.77.0.9/32"))
        #expect(addresses.contains("mtu 1300"))
        let routes = try link.client(["ip", "route"]).stdoutText
        #expect(routes.contains("default via 10.77.0.1 dev bake0"))
        #expect(routes.contains("10.77.0.1 dev bake0"))
        let far = try link.client(["ip", "route", "get", "192.0.2.1"]).stdoutText
        #expect(far.contains("via 10.77.0.1 dev bake0 src 10.77.0.9"))
    }
}

/// A clock that can be set forward, so that no test waits for a lease to grow old.
private final class JumpingClock: Sendable {
    private let ahead = Mutex<Milliseconds>(0)

    func now() -> Milliseconds { LeaseKeeper.now() + ahead.withLock { $0 } }

    func jump(to time: Milliseconds) {
        let distance = time - min(time, now())
        ahead.withLock { $0 += distance }
    }
}

/// What PID 1's loop does with a keeper, until a note is the one waited for; at most a minute.
private func serve(
    _ keeper: LeaseKeeper, _ clock: JumpingClock, until isLast: (LeaseNote) -> Bool
) throws -> [LeaseNote] {
    var notes: [LeaseNote] = []
    let end = clock.now() + 60_000
    while clock.now() < end {
        notes += keeper.serve()
        if notes.contains(where: isLast) { return notes }
        let now = clock.now()
        let deadline = min(keeper.deadline ?? end, end)
        var descriptor = pollfd(fd: keeper.fileDescriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&descriptor, 1, Int32(deadline > now ? deadline - now : 0))
    }
    throw TestFailure("a minute has gone: \(notes)")
}
