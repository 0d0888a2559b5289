// A `static` entry: made sure that nobody else has the address, then set.

import BakeContract
import CGuest

/// IPv4: probes by ARP, then the address. RFC 5227 waits for seconds; machines on one link answer
/// within milliseconds, and a machine that starts to serve cannot wait for the others.
final class FixedAddress {
    private static let probeMilliseconds: [Milliseconds] = [0, 50]
    private static let patienceMilliseconds: Milliseconds = 100

    let control: LinkControl
    private let addressing: InterfaceAddressing
    /// Closed when it is settled that the address is free.
    private var socket: ARPSocket?
    private var startedAt: Milliseconds?
    private var probeCount = 0
    private(set) var isReady = false

    /// With a /32 nobody else is on the network, and routers may answer for everybody.
    init(_ addressing: InterfaceAddressing, on control: LinkControl) throws(NetworkError) {
        self.addressing = addressing
        self.control = control
        if let hardwareAddress = control.hardwareAddress, addressing.prefix != .oneAddress {
            socket = try ARPSocket(control, hardwareAddress)
        } else {
            socket = nil
        }
    }

    var fileDescriptor: Int32? { socket?.fileDescriptor }

    var deadline: Milliseconds? {
        guard !isReady else { return nil }
        guard let startedAt else { return 0 }
        guard probeCount < Self.probeMilliseconds.count else {
            return startedAt + Self.patienceMilliseconds
        }
        return startedAt + Self.probeMilliseconds[probeCount]
    }

    func serve(at now: Milliseconds) throws(NetworkError) {
        guard !isReady else { return }
        guard let socket else { return try finish() }
        if let owner = socket.owner(of: addressing.address) {
            throw .addressInUse(.v4(addressing.address), interface: control.name, owner: owner)
        }
        if startedAt == nil { startedAt = now }
        guard let deadline, now >= deadline else { return }
        if probeCount < Self.probeMilliseconds.count {
            probeCount += 1
            try socket.probe(for: addressing.address)
        } else {
            try finish()
        }
    }

    private func finish() throws(NetworkError) {
        try control.change(from: nil, to: addressing)
        isReady = true
        socket = nil
    }
}

/// IPv6: the kernel itself finds out whether the address is taken (RFC 4862 section 5.4), once it
/// is set.
final class FixedVersion6Address {
    let control: LinkControl
    private let address: LinkAddress
    private let gateway: IPv6Address?
    /// Closed when it is settled that the address is free.
    private var listener: RouteListener?
    private var isSet = false
    private(set) var isReady = false

    init(
        _ address: IPv6Address, _ prefix: IPv6PrefixLength, gateway: IPv6Address?,
        on control: LinkControl
    ) throws(NetworkError) {
        self.address = LinkAddress(.v6(address), prefixLength: prefix.count, on: control.index)
        self.gateway = gateway
        self.control = control
        listener = try control.listener([UInt32(RTNLGRP_IPV6_IFADDR.rawValue)])
    }

    var fileDescriptor: Int32? { listener?.fileDescriptor }
    var deadline: Milliseconds? { isSet ? nil : 0 }

    func serve() throws(NetworkError) {
        guard !isReady else { return }
        if !isSet { try set() }
        // What has changed is asked for whole.
        _ = listener?.receive()
        let found = try control.addresses().first { $0.address == address.address }
        // A duplicate the kernel takes away again stays as a failed one; gone is as bad.
        guard let found, !found.isDuplicate else {
            throw .addressInUse(address.address, interface: control.name, owner: nil)
        }
        isReady = !found.isTentative
        if isReady { listener = nil }
    }

    private func set() throws(NetworkError) {
        isSet = true
        try control.add(address)
        guard let gateway else { return }
        if address.prefixLength == 128, !gateway.isLinkLocal {
            try control.add(route(to: gateway, prefixLength: 128, gateway: nil))
        }
        try control.add(route(to: .any, prefixLength: 0, gateway: .v6(gateway)))
    }

    private func route(to network: IPv6Address, prefixLength: Int, gateway: IPAddress?) -> LinkRoute
    {
        LinkRoute(
            to: .v6(network), prefixLength: prefixLength, gateway: gateway, on: control.index,
            metric: control.metric)
    }

    /// Why it is not ready yet.
    func failure(waitedSeconds: Int) -> NetworkError {
        .addressUntested(
            address.address, interface: control.name, waitedSeconds: waitedSeconds)
    }
}
