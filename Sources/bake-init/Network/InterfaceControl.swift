// Interfaces through ioctl (netdevice(7), rtnetlink's older sister: an address, a mask and a few
// routes need no more).

import BakeContract
import CGuest

/// Owns the socket the ioctls go through.
struct InterfaceControl: ~Copyable {
    private let descriptor: FileDescriptor
    let name: Bytes

    /// `name` is an interface that need not exist yet.
    init(_ name: Bytes) throws(NetworkError) {
        self.name = name
        descriptor = try openSocket(AF_INET, interface: name)
    }

    /// nil when there is none of that name.
    func index() -> Int32? {
        var request = namedRequest()
        guard guest_ioctl_pointer(descriptor.number, UInt(SIOCGIFINDEX), &request) == 0 else {
            return nil
        }
        return request.ifr_ifru.ifru_ivalue
    }

    /// Six bytes, of an Ethernet interface.
    func hardwareAddress() throws(NetworkError) -> Bytes {
        var request = namedRequest()
        try call(SIOCGIFHWADDR, &request, .readInterface)
        guard request.ifr_ifru.ifru_hwaddr.sa_family == UInt16(ARPHRD_ETHER) else {
            throw .notEthernet(interface: name)
        }
        return withUnsafeBytes(of: request.ifr_ifru.ifru_hwaddr.sa_data) { Array($0.prefix(6)) }
    }

    func bringUp() throws(NetworkError) {
        var request = namedRequest()
        try call(SIOCGIFFLAGS, &request, .readInterface)
        request.ifr_ifru.ifru_flags |= Int16(IFF_UP)
        try call(SIOCSIFFLAGS, &request, .bringUp)
    }

    /// Whether the link has a carrier and packets can leave.
    func isRunning() throws(NetworkError) -> Bool {
        var request = namedRequest()
        try call(SIOCGIFFLAGS, &request, .readInterface)
        return request.ifr_ifru.ifru_flags & Int16(IFF_RUNNING) != 0
    }

    func setMTU(_ byteCount: Int) throws(NetworkError) {
        var request = namedRequest()
        request.ifr_ifru.ifru_mtu = Int32(clamping: byteCount)
        try call(SIOCSIFMTU, &request, .setMTU)
    }

    /// Replaces the interface's address; the kernel adds the route to its network by itself.
    func setAddress(_ address: IPv4Address, _ prefix: IPv4PrefixLength) throws(NetworkError) {
        var request = namedRequest()
        request.ifr_ifru.ifru_addr = socketAddress(address)
        try call(SIOCSIFADDR, &request, .setAddress)
        request.ifr_ifru.ifru_netmask = socketAddress(prefix.mask)
        try call(SIOCSIFNETMASK, &request, .setAddress)
        request.ifr_ifru.ifru_broadaddr = socketAddress(prefix.broadcast(of: address))
        // The loopback has no broadcast address and says so.
        if guest_ioctl_pointer(descriptor.number, UInt(SIOCSIFBRDADDR), &request) != 0,
            Errno.last.code != EINVAL
        {
            throw .failed(.setAddress, interface: name, errno: .last)
        }
    }

    /// Takes the address away and the routes that depend on it.
    func clearAddress() throws(NetworkError) {
        var request = namedRequest()
        request.ifr_ifru.ifru_addr = socketAddress(.any)
        try call(SIOCSIFADDR, &request, .clearAddress)
    }

    /// A route that is there already is as good as added.
    func addRoute(_ route: IPv4Route) throws(NetworkError) {
        var entry = rtentry()
        entry.rt_dst = socketAddress(route.network)
        entry.rt_genmask = socketAddress(route.prefix.mask)
        entry.rt_flags = UInt16(RTF_UP)
        if route.gateway != .any {
            entry.rt_gateway = socketAddress(route.gateway)
            entry.rt_flags |= UInt16(RTF_GATEWAY)
        }
        if route.prefix == .oneAddress { entry.rt_flags |= UInt16(RTF_HOST) }

        let result = withCString(name) { device in
            entry.rt_dev = UnsafeMutablePointer(mutating: device)
            return guest_ioctl_pointer(descriptor.number, UInt(SIOCADDRT), &entry)
        }
        if result != 0, Errno.last.code != EEXIST {
            throw .failed(.addRoute, interface: name, errno: .last)
        }
    }

    private func call(
        _ number: Int32, _ request: inout ifreq, _ operation: NetworkOperation
    ) throws(NetworkError) {
        guard guest_ioctl_pointer(descriptor.number, UInt(number), &request) == 0 else {
            throw .failed(operation, interface: name, errno: .last)
        }
    }

    private func namedRequest() -> ifreq {
        var request = ifreq()
        withUnsafeMutableBytes(of: &request.ifr_ifrn) { field in
            // The last byte stays NUL.
            for (index, byte) in name.prefix(field.count - 1).enumerated() { field[index] = byte }
        }
        return request
    }
}

/// An IPv4 address as the socket interface has it, port 0.
func socketAddress(_ address: IPv4Address) -> sockaddr {
    unsafeBitCast(internetAddress(address, port: 0), to: sockaddr.self)
}

func internetAddress(_ address: IPv4Address, port: UInt16) -> sockaddr_in {
    var result = sockaddr_in()
    result.sin_family = UInt16(AF_INET)
    result.sin_port = port.bigEndian
    result.sin_addr.s_addr = address.bits.bigEndian
    return result
}

/// The Ethernet interface with the lowest index, those with hardware behind them first.
func firstEthernetInterface() -> Bytes? {
    guard let list = if_nameindex() else { return nil }
    defer { if_freenameindex(list) }
    var best: (name: Bytes, index: UInt32, hasHardware: Bool)?
    var entry = list
    while let pointer = entry.pointee.if_name {
        let name = Array(UnsafeRawBufferPointer(start: pointer, count: strlen(pointer)))
        let index = entry.pointee.if_index
        entry += 1
        guard isEthernet(name) else { continue }
        let hasHardware = hasHardware(name)
        if let known = best {
            guard hasHardware == known.hasHardware ? index < known.index : hasHardware else {
                continue
            }
        }
        best = (name, index, hasHardware)
    }
    return best?.name
}

private func hasHardware(_ name: Bytes) -> Bool {
    withCString("/sys/class/net/".bytes + name + "/device".bytes) { access($0, F_OK) == 0 }
}

private func isEthernet(_ name: Bytes) -> Bool {
    do throws(NetworkError) {
        _ = try InterfaceControl(name).hardwareAddress()
        return true
    } catch {
        return false  // Gone meanwhile, or of another kind: not a candidate either way.
    }
}
