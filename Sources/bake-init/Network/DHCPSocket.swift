// The two sockets a DHCP client speaks through: below IP while the interface has no address,
// an ordinary UDP socket once it has one.

import BakeContract
import CGuest

/// One socket of either kind, closed with its last owner.
final class DHCPSocket {
    private let descriptor: FileDescriptor
    private let interface: Bytes
    private let interfaceIndex: Int32
    private let isBelowIP: Bool

    var fileDescriptor: Int32 { descriptor.number }

    /// Reads and writes whole IPv4 packets (packet(7)). Only UDP to the client's port wakes the
    /// reader: a filter in the kernel drops the rest.
    init(belowIPOn interface: Bytes, index: Int32) throws(NetworkError) {
        // Protocol 0: nothing is received before the filter stands and bind(2) names IPv4.
        descriptor = try openSocket(AF_PACKET, interface: interface)
        self.interface = interface
        interfaceIndex = index
        isBelowIP = true
        try setOption(SOL_PACKET, PACKET_AUXDATA)
        try filterPackets()
        var address = linkAddress()
        try bindSocket(&address)
    }

    /// Port 68 on one interface, for renewals.
    init(onAddressOf interface: Bytes, index: Int32) throws(NetworkError) {
        descriptor = try openSocket(AF_INET, interface: interface)
        self.interface = interface
        interfaceIndex = index
        isBelowIP = false
        try setOption(SOL_SOCKET, SO_REUSEADDR)
        try setOption(SOL_SOCKET, SO_BROADCAST)
        try bindToDevice()
        var address = internetAddress(.any, port: DHCPPort.client)
        try bindSocket(&address)
    }

    /// `payload` from 0.0.0.0 to everybody. Only below IP.
    func broadcast(_ payload: Bytes) throws(NetworkError) {
        precondition(isBelowIP)
        let packet = broadcastPacket(carrying: payload)
        var address = linkAddress()
        address.sll_halen = 6
        withUnsafeMutableBytes(of: &address.sll_addr) { field in
            for index in 0..<6 { field[index] = 0xff }
        }
        try send(packet, to: &address)
    }

    /// `payload` from the interface's own address to a server's port. Only above IP.
    func send(_ payload: Bytes, to server: IPv4Address) throws(NetworkError) {
        precondition(!isBelowIP)
        var address = internetAddress(server, port: DHCPPort.server)
        try send(payload, to: &address)
    }

    /// The next DHCP payload that waits; nil when nothing does. Never blocks.
    func receive() -> Bytes? {
        while true {
            var buffer = Bytes(repeating: 0, count: 2048)
            var control = [UInt64](repeating: 0, count: 16)
            var checksumIsFilled = true
            let byteCount = buffer.withUnsafeMutableBytes { buffer in
                control.withUnsafeMutableBytes { control in
                    var vector = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
                    return withUnsafeMutablePointer(to: &vector) { vector in
                        var message = msghdr()
                        message.msg_iov = vector
                        message.msg_iovlen = 1
                        message.msg_control = control.baseAddress
                        message.msg_controllen = control.count
                        let received = recvmsg(
                            fileDescriptor, &message, Int32(MSG_DONTWAIT))
                        checksumIsFilled = isChecksumFilled(
                            UnsafeRawBufferPointer(control).prefix(message.msg_controllen))
                        return received
                    }
                }
            }
            guard byteCount >= 0 else {
                if Errno.last.code == EINTR { continue }
                // EAGAIN: nothing waits. ENETDOWN and its like: the next message will say so.
                return nil
            }
            let bytes = Array(buffer.prefix(byteCount))
            if !isBelowIP { return bytes }
            if let payload = payload(ofPacket: bytes, checksumIsFilled: checksumIsFilled) {
                return payload
            }
        }
    }
}

extension DHCPSocket {
    /// UDP, not a later fragment, to port 68; in the assembler of bpf(4), IP header at 0.
    private func filterPackets() throws(NetworkError) {
        var program: [sock_filter] = [
            sock_filter(code: 0x30, jt: 0, jf: 0, k: 9),  // ldb [9]: protocol
            sock_filter(code: 0x15, jt: 0, jf: 6, k: 17),  // jeq #17, UDP
            sock_filter(code: 0x28, jt: 0, jf: 0, k: 6),  // ldh [6]: fragment offset
            sock_filter(code: 0x45, jt: 4, jf: 0, k: 0x1fff),  // jset: drop
            sock_filter(code: 0xb1, jt: 0, jf: 0, k: 0),  // ldxb 4*([0]&0xf): header length
            sock_filter(code: 0x48, jt: 0, jf: 0, k: 2),  // ldh [x+2]: destination port
            sock_filter(code: 0x15, jt: 0, jf: 1, k: UInt32(DHCPPort.client)),
            sock_filter(code: 0x06, jt: 0, jf: 0, k: 0xffff),  // ret: all of it
            sock_filter(code: 0x06, jt: 0, jf: 0, k: 0),  // ret: nothing
        ]
        let result = program.withUnsafeMutableBufferPointer { instructions in
            var filter = sock_fprog(
                len: UInt16(instructions.count), filter: instructions.baseAddress)
            return setsockopt(
                fileDescriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
                socklen_t(MemoryLayout<sock_fprog>.size))
        }
        if result != 0 { throw failure(.listen) }
    }

    private func bindToDevice() throws(NetworkError) {
        let result = setsockopt(
            fileDescriptor, SOL_SOCKET, SO_BINDTODEVICE, interface, socklen_t(interface.count))
        if result != 0 { throw failure(.listen) }
    }

    private func linkAddress() -> sockaddr_ll {
        var address = sockaddr_ll()
        address.sll_family = UInt16(AF_PACKET)
        address.sll_protocol = UInt16(0x0800).bigEndian  // ETH_P_IP
        address.sll_ifindex = interfaceIndex
        return address
    }

    private func setOption(_ level: Int32, _ option: Int32) throws(NetworkError) {
        var on: Int32 = 1
        guard setsockopt(fileDescriptor, level, option, &on, socklen_t(4)) == 0 else {
            throw failure(.listen)
        }
    }

    private func bindSocket<Address>(_ address: inout Address) throws(NetworkError) {
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guest_bind(fileDescriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        if result != 0 { throw failure(.listen) }
    }

    private func send<Address>(_ bytes: Bytes, to address: inout Address) throws(NetworkError) {
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guest_sendto(
                    fileDescriptor, bytes, bytes.count, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        if sent != bytes.count { throw failure(.send) }
    }

    private func failure(_ operation: NetworkOperation) -> NetworkError {
        .failed(operation, interface: interface, errno: .last)
    }
}

/// Datagrams, never blocking, closed on exec.
func openSocket(_ family: Int32, interface: Bytes) throws(NetworkError) -> FileDescriptor {
    let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let number = socket(family, type, 0)
    guard number >= 0 else { throw .failed(.openSocket, interface: interface, errno: .last) }
    return FileDescriptor(adopting: number)
}

/// Looks for PACKET_AUXDATA in the control bytes (cmsg(3): length, level, type, then the data,
/// which begins with the status word).
private func isChecksumFilled(_ control: Slice<UnsafeRawBufferPointer>) -> Bool {
    let bytes = UnsafeRawBufferPointer(rebasing: control)
    let headerByteCount = 16
    guard bytes.count >= headerByteCount + 4,
        bytes.load(fromByteOffset: 8, as: Int32.self) == SOL_PACKET,
        bytes.load(fromByteOffset: 12, as: Int32.self) == PACKET_AUXDATA
    else { return true }
    let status = bytes.load(fromByteOffset: headerByteCount, as: UInt32.self)
    return status & UInt32(TP_STATUS_CSUMNOTREADY) == 0
}
