// Bringing the network up: the loopback, then one interface, fixed or leased.

import BakeContract
import CGuest

func bringUpLoopback() throws(NetworkError) {
    let control = try InterfaceControl("lo".bytes)
    try control.setAddress(IPv4Address(bits: 0x7f00_0001), IPv4PrefixLength(classOf: .any))
    try control.bringUp()
}

/// Waits for the interface to appear, brings it up and gives it its address. Takes at most
/// `timeoutSeconds` of the request. `clock` is what leases are timed by; tests let it jump.
func bringUp(
    _ request: InterfaceRequest, clock: @escaping () -> Milliseconds = LeaseKeeper.now
) throws(NetworkError) -> ConfiguredInterface {
    let deadline = LeaseKeeper.now() + Milliseconds(max(request.timeoutSeconds, 0)) * 1000
    let name = try waitForInterface(request, until: deadline)
    let control = try InterfaceControl(name)
    if let mtu = request.interface.mtu { try control.setMTU(mtu) }
    try control.bringUp()
    try waitForCarrier(control, until: min(deadline, LeaseKeeper.now() + 1000))
    switch request.interface.method {
    case .fixed(let address, let prefix, let gateway):
        let addressing = InterfaceAddressing(
            address: address, prefix: prefix,
            routes: gateway.map { [.defaultRoute(through: $0)] } ?? [],
            nameServers: request.interface.nameServers, mtu: request.interface.mtu)
        try control.apply(addressing)
        return ConfiguredInterface(name: name, addressing: addressing, keeper: nil)
    case .version6:
        throw .noVersion6(interface: name)
    case .dhcp:
        let keeper = try LeaseKeeper(request, on: control, clock: clock)
        let addressing = try waitForLease(keeper, request, until: deadline)
        return ConfiguredInterface(name: name, addressing: addressing, keeper: keeper)
    }
}

extension InterfaceControl {
    /// Address, mask, routes, MTU.
    func apply(_ addressing: InterfaceAddressing) throws(NetworkError) {
        if let mtu = addressing.mtu { try setMTU(mtu) }
        try setAddress(addressing.address, addressing.prefix)
        for route in addressing.routes {
            // A gateway outside the interface's network, as with the /32 that some clouds give
            // out: the kernel takes the route once it knows that the gateway is on the link.
            if route.gateway != .any,
                !addressing.prefix.contains(route.gateway, networkOf: addressing.address)
            {
                try addRoute(
                    IPv4Route(network: route.gateway, prefix: .oneAddress, gateway: .any))
            }
            try addRoute(route)
        }
    }
}

/// The requested interface, or the first; drivers may still be at work when PID 1 comes here.
private func waitForInterface(
    _ request: InterfaceRequest, until deadline: Milliseconds
) throws(NetworkError) -> Bytes {
    while true {
        if let name = request.interface.name {
            // The kernel would cut a longer name and find another interface.
            if name.count < Int(IFNAMSIZ), try InterfaceControl(name).index() != nil { return name }
        } else if let name = firstEthernetInterface() {
            return name
        }
        guard LeaseKeeper.now() < deadline else {
            throw .noInterface(name: request.interface.name, waitedSeconds: request.timeoutSeconds)
        }
        usleep(20_000)
    }
}

/// What is sent before the carrier is there is lost: a DHCP message costs a second then, and a
/// program's first packet more. Some links never report one, so after a while it goes on anyway.
private func waitForCarrier(
    _ control: borrowing InterfaceControl, until deadline: Milliseconds
) throws(NetworkError) {
    while try !control.isRunning(), LeaseKeeper.now() < deadline { usleep(2000) }
}

private func waitForLease(
    _ keeper: LeaseKeeper, _ request: InterfaceRequest, until deadline: Milliseconds
) throws(NetworkError) -> InterfaceAddressing {
    var failure: NetworkError?
    while true {
        for case .failed(let error) in keeper.serve() { failure = error }
        if let addressing = keeper.addressing { return addressing }
        let now = LeaseKeeper.now()
        guard now < deadline else { break }
        let wake = min(deadline, keeper.deadline ?? deadline)
        var descriptor = pollfd(fd: keeper.fileDescriptor, events: Int16(POLLIN), revents: 0)
        // EINTR and errors end up in the next turn of the loop, whose end is the deadline.
        _ = poll(&descriptor, 1, Int32(clamping: wake > now ? wake - now : 0))
    }
    if let failure { throw failure }
    guard keeper.wasRefused else {
        throw .noDHCPAnswer(interface: keeper.interface, waitedSeconds: request.timeoutSeconds)
    }
    throw .refusedByDHCPServer(
        interface: keeper.interface, server: keeper.refusingServer,
        waitedSeconds: request.timeoutSeconds)
}
