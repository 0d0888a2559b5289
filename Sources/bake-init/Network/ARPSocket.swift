// Reads and writes ARP messages on one interface (packet(7)).

import BakeContract
import CGuest

final class ARPSocket {
    private static let etherType: UInt16 = 0x0806

    private let descriptor: FileDescriptor
    private let interface: Bytes
    private let interfaceIndex: Int32
    private let hardwareAddress: Bytes

    init(_ control: LinkControl, _ hardwareAddress: Bytes) throws(NetworkError) {
        interface = control.name
        interfaceIndex = control.index
        self.hardwareAddress = hardwareAddress
        descriptor = try openSocket(AF_PACKET, interface: interface)
        var address = linkAddress()
        guard
            guest_bind(descriptor.number, &address, socklen_t(MemoryLayout<sockaddr_ll>.size)) == 0
        else { throw .failed(.listen, interface: interface, errno: .last) }
    }

    var fileDescriptor: Int32 { descriptor.number }

    func probe(for address: IPv4Address) throws(NetworkError) {
        let message = ARPMessage.probe(for: address, from: hardwareAddress)
        var everybody = linkAddress()
        everybody.sll_halen = 6
        withUnsafeMutableBytes(of: &everybody.sll_addr) { field in
            for index in 0..<6 { field[index] = 0xff }
        }
        let sent = withUnsafePointer(to: &everybody) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guest_sendto(
                    descriptor.number, message, message.count, $0,
                    socklen_t(MemoryLayout<sockaddr_ll>.size))
            }
        }
        if sent != message.count { throw .failed(.send, interface: interface, errno: .last) }
    }

    /// The hardware address, as text, of a machine that answered for the address since the last
    /// call. Never waits.
    func owner(of address: IPv4Address) -> Bytes? {
        var buffer = Bytes(repeating: 0, count: 128)
        while true {
            let byteCount = buffer.withUnsafeMutableBytes {
                recv(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            // EAGAIN: nothing waits. A link that is down answers nothing either.
            guard byteCount >= 0 else { return nil }
            let message = ARPMessage(parsing: Bytes(buffer.prefix(byteCount)))
            if let message, message.contests(address, of: hardwareAddress) {
                return NetworkInterface.Selector.hardwareAddressText(message.senderHardware)
            }
        }
    }

    private func linkAddress() -> sockaddr_ll {
        var address = sockaddr_ll()
        address.sll_family = UInt16(AF_PACKET)
        address.sll_protocol = Self.etherType.bigEndian
        address.sll_ifindex = interfaceIndex
        return address
    }
}
