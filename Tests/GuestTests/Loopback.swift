import CGuest
import Glibc
import TestSupport

/// Sockets that nobody outside of this machine reaches.
enum Loopback {
    /// A TCP socket with a port of its own, not listening yet.
    static func bound() throws -> (socket: Int32, port: UInt16) {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var byteCount = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(number, pointer, byteCount) | getsockname(number, pointer, &byteCount)
            }
        }
        guard number >= 0, result == 0 else { throw TestFailure("bind: errno \(errno)") }
        return (number, UInt16(bigEndian: address.sin_port))
    }
}
