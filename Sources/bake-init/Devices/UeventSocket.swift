import BakeContract
import CGuest

/// The kernel's device events (netlink(7), NETLINK_KOBJECT_UEVENT), read without waiting.
struct UeventSocket: ~Copyable {
    private let socket: FileDescriptor

    /// To poll for input.
    var number: Int32 { socket.number }

    init() throws(Errno) {
        let socket = FileDescriptor(
            adopting: try checked {
                guest_socket(AF_NETLINK, guest_SOCK_RAW_CLOEXEC, NETLINK_KOBJECT_UEVENT)
            })
        makeNonBlocking(socket.number)
        // A burst of events (a disk with many partitions) must not push out the one that counts.
        var byteCount: Int32 = 1 << 20
        setsockopt(
            socket.number, SOL_SOCKET, SO_RCVBUFFORCE, &byteCount,
            socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = 1
        try checked {
            withUnsafeBytes(of: &address) {
                guest_bind(socket.number, $0.baseAddress, socklen_t($0.count))
            }
        }
        self.socket = socket
    }

    /// The first damaged block among the events that wait, which are all taken.
    func damagedBlock() -> DamagedBlock? {
        var found: DamagedBlock?
        var message = Bytes(repeating: 0, count: 8192)
        while true {
            let count = message.withUnsafeMutableBytes {
                recv(socket.number, $0.baseAddress, $0.count, 0)
            }
            if count <= 0 { return found }
            found = found ?? DamagedBlock(uevent: Bytes(message[..<count]))
        }
    }
}
