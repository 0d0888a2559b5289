internal import Glibc
internal import SystemPackage

extension PortForward {
    /// The rule as QEMU is given it and repeats it in its messages.
    var qemuRule: String {
        "\(transport.rawValue):\(hostAddress):\(hostPort)-:\(guestPort)"
    }

    /// Listens for a moment where QEMU will. QEMU would say the same, but late and in its words.
    func checkIsFree() throws(LaunchError) {
        let type = transport == .tcp ? SOCK_STREAM : SOCK_DGRAM
        let descriptor = socket(AF_INET, Int32(type.rawValue), 0)
        guard descriptor >= 0 else { throw .system("socket") }
        defer { close(descriptor) }
        if transport == .tcp {
            // As QEMU does: connections of an earlier run that linger are not in the way.
            var on: Int32 = 1
            setsockopt(
                descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = hostPort.bigEndian
        guard inet_pton(AF_INET, hostAddress, &address.sin_addr) == 1 else {
            throw .badPortForward(description)
        }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if bound == 0, transport == .udp || listen(descriptor, 1) == 0 { return }
        let reason = Errno(rawValue: errno)
        throw reason == .addressInUse ? .portInUse(self) : .portRefused(self, errno: reason)
    }
}
