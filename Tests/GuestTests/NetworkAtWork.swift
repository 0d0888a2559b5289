import Glibc
import Synchronization
import TestSupport

@testable import BakeContract
@testable import bake_init

/// A clock that can be set forward, so that no test waits for a lease to grow old.
final class JumpingClock: Sendable {
    private let ahead = Mutex<Milliseconds>(0)

    func now() -> Milliseconds { LeaseKeeper.now() + ahead.withLock { $0 } }

    func jump(to time: Milliseconds) {
        let distance = time - min(time, now())
        ahead.withLock { $0 += distance }
    }
}

extension NetworkKeeper {
    /// What PID 1's loop does, until a note is the one waited for; at most a minute of `clock`.
    func serve(_ clock: JumpingClock, until isLast: (LeaseNote) -> Bool) throws -> [LeaseNote] {
        var notes: [LeaseNote] = []
        let end = clock.now() + 60_000
        while clock.now() < end {
            notes += serve().map(\.note)
            if notes.contains(where: isLast) { return notes }
            let now = clock.now()
            let deadline = min(deadline ?? end, end)
            var descriptors = fileDescriptors.map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            _ = poll(
                &descriptors, nfds_t(descriptors.count),
                Int32(deadline > now ? deadline - now : 0))
        }
        throw TestFailure("a minute has gone: \(notes)")
    }
}

/// Brings the entries up as a boot does, in the namespace of the calling thread.
func bringUp(
    _ entries: NetworkInterface..., hostname: String? = nil, timeoutSeconds: Int = 20,
    clock: JumpingClock = JumpingClock()
) throws(NetworkError) -> NetworkKeeper {
    try bringUp(
        NetworkRequest(
            entries: entries, hostname: hostname?.bytes, timeoutSeconds: timeoutSeconds,
            clock: clock.now))
}

/// The message of what bringing up came to; nil when it worked.
func failure(_ body: () throws(NetworkError) -> NetworkKeeper) -> String? {
    do throws(NetworkError) {
        _ = try body()
        return nil
    } catch {
        return error.description
    }
}

extension NetworkInterface {
    static func named(
        _ name: String, _ method: Method, mtu: Int? = nil, isOptional: Bool = false
    ) -> NetworkInterface {
        NetworkInterface(
            .name(name.bytes, position: nil), method: method, mtu: mtu, isOptional: isOptional)
    }
}

extension NetworkInterface.Method {
    /// `10.0.0.2/24` or `2001:db8::2/64`.
    static func fixed(_ text: String, gateway: String? = nil) -> NetworkInterface.Method {
        let parts = text.split(separator: "/").map { String($0).bytes }
        if let address = IPv4Address(parsing: parts[0]) {
            return .fixed(
                address: address, prefix: IPv4PrefixLength(parsing: parts[1])!,
                gateway: gateway.flatMap { IPv4Address(parsing: $0.bytes) })
        }
        return .fixedVersion6(
            address: IPv6Address(parsing: parts[0])!, prefix: IPv6PrefixLength(parsing: parts[1])!,
            gateway: gateway.flatMap { IPv6Address(parsing: $0.bytes) })
    }
}
