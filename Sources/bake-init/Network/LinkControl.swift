// One interface and what is done to it, through rtnetlink.

import BakeContract
import CGuest

struct LinkControl {
    let name: Bytes
    let index: Int32
    /// Six bytes; nil for what is no Ethernet.
    let hardwareAddress: Bytes?
    /// Of the routes of one entry of `net`: earlier entries go before later ones.
    let metric: UInt32
    private let socket: RouteSocket
    private let link: Link

    init(_ link: Link, position: Int, through socket: RouteSocket) {
        name = link.name
        index = link.index
        hardwareAddress = link.hardwareAddress
        metric = 100 + UInt32(clamping: position)
        self.socket = socket
        self.link = link
    }

    func bringUp() throws(NetworkError) {
        try carryOut(.bringUp, Link.change(index: index, isUp: true, mtu: nil))
    }

    /// Without addresses and routes, as it was before `bringUp`.
    func takeDown() throws(NetworkError) {
        // Routes, and what there is of IPv6, go with the link.
        try carryOut(.takeDown, Link.takeDown(index: index))
        for address in try addresses() { try remove(address) }
    }

    func setMTU(_ byteCount: Int) throws(NetworkError) {
        do {
            try socket.carryOut(Link.change(index: index, isUp: false, mtu: byteCount))
        } catch {
            guard error.code == EINVAL else {
                throw .failed(.setMTU, interface: name, errno: error)
            }
            throw .mtuOutOfRange(
                byteCount, interface: name, shortest: link.shortestMTU, longest: link.longestMTU)
        }
    }

    func add(_ address: LinkAddress) throws(NetworkError) {
        try carryOut(.setAddress, address.adding(metric: metric))
    }

    /// What is gone already is as good as taken away.
    func remove(_ address: LinkAddress) throws(NetworkError) {
        try carryOut(.clearAddress, address.removing(), forgiving: EADDRNOTAVAIL)
    }

    func add(_ route: LinkRoute) throws(NetworkError) {
        do {
            try socket.carryOut(route.adding())
        } catch {
            let isUnreachable =
                error.code == ENETUNREACH || error.code == EHOSTUNREACH || error.code == EINVAL
            guard let gateway = route.gateway, isUnreachable else {
                throw .failed(.addRoute, interface: name, errno: error)
            }
            throw .gatewayUnreachable(gateway, interface: name)
        }
    }

    /// Routes go with their addresses; taken away twice is gone.
    func remove(_ route: LinkRoute) throws(NetworkError) {
        try carryOut(.removeRoute, route.removing(), forgiving: ESRCH)
    }

    /// The addresses of this interface.
    func addresses() throws(NetworkError) -> [LinkAddress] {
        try list(LinkAddress.list()).compactMap { LinkAddress($0) }
            .filter { $0.interfaceIndex == index }
    }

    func hasVersion6DefaultRoute() throws(NetworkError) -> Bool {
        try list(LinkRoute.list()).contains { LinkRoute.isVersion6Default($0, on: index) }
    }

    private func carryOut(
        _ operation: NetworkOperation, _ message: NetlinkMessage, forgiving code: Int32 = 0
    ) throws(NetworkError) {
        do {
            try socket.carryOut(message)
        } catch {
            if error.code != code { throw .failed(operation, interface: name, errno: error) }
        }
    }

    private func list(_ message: NetlinkMessage) throws(NetworkError) -> [NetlinkMessage] {
        do {
            return try socket.list(message)
        } catch {
            throw .failed(.readInterface, interface: name, errno: error)
        }
    }
}

extension LinkControl {
    /// From one state of IPv4 to another; nil is none. What both have is not touched, so that a
    /// renewal breaks no connection.
    func change(
        from old: InterfaceAddressing?, to new: InterfaceAddressing?
    ) throws(NetworkError) {
        let oldAddress = old.map { linkAddress($0) }
        let newAddress = new.map { linkAddress($0) }
        let wanted = new?.completeRoutes ?? []
        // Routes lean on their address: when that goes, none of them stays.
        let kept =
            oldAddress != newAddress ? [] : (old?.completeRoutes ?? []).filter(wanted.contains)
        for route in old?.completeRoutes ?? [] where !kept.contains(route) {
            try remove(linkRoute(route))
        }
        if oldAddress != newAddress {
            if let oldAddress { try remove(oldAddress) }
            if let newAddress { try add(newAddress) }
        }
        for route in wanted where !kept.contains(route) { try add(linkRoute(route)) }
    }

    private func linkAddress(_ addressing: InterfaceAddressing) -> LinkAddress {
        LinkAddress(.v4(addressing.address), prefixLength: addressing.prefix.count, on: index)
    }

    private func linkRoute(_ route: IPv4Route) -> LinkRoute {
        LinkRoute(
            to: .v4(route.network), prefixLength: route.prefix.count,
            gateway: route.gateway == .any ? nil : .v4(route.gateway), on: index, metric: metric)
    }
}
