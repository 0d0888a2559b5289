// Bringing the network up: the loopback, then all entries of `net` at once.

import BakeContract
import CGuest

func bringUpLoopback() throws(NetworkError) {
    let name = "lo".bytes
    let socket = try openRouteSocket(for: name)
    let links = try links(through: socket)
    guard let link = links.first(where: { $0.name == name }) else {
        throw .noInterface(name: name, present: [], waitedSeconds: 0)
    }
    // The kernel gives it 127.0.0.1 and ::1 by itself.
    try LinkControl(link, position: 0, through: socket).bringUp()
}

/// What the configuration says, and how long it may take.
struct NetworkRequest {
    var entries: [NetworkInterface]
    /// Told to DHCP servers, which may enter it into their DNS.
    var hostname: Bytes?
    /// For interfaces to appear and servers and routers to answer, together.
    var timeoutSeconds = 10
    /// What leases are timed by; tests let it jump.
    var clock: () -> Milliseconds = LeaseKeeper.now
}

/// Waits for the interfaces to appear, brings them up and gives them their addresses. Returns when
/// every entry that is not optional has what it promises.
func bringUp(_ request: NetworkRequest) throws(NetworkError) -> NetworkKeeper {
    let end = LeaseKeeper.now() + Milliseconds(max(request.timeoutSeconds, 0)) * 1000
    let socket = try openRouteSocket(for: "net".bytes)
    let keeper = NetworkKeeper(clock: request.clock)
    let selected = try waitForInterfaces(request, until: end, for: keeper, through: socket)
    try refuseRepetition(selected)
    try prepare(selected, request, for: keeper, through: socket)
    try waitForCarriers(
        of: selected.map { $0.link }, until: min(end, LeaseKeeper.now() + 1000), through: socket)
    try keeper.waitUntilReady(until: end, waitedSeconds: request.timeoutSeconds)
    return keeper
}

/// An entry and the interface it means. `position` is the entry's in `net`.
private struct SelectedInterface {
    var entry: NetworkInterface
    var link: Link
    var position: Int
}

/// How long optional interfaces may take to appear when all others are there.
private let optionalPatienceMilliseconds: Milliseconds = 1000

/// Drivers may still be at work when PID 1 comes here.
private func waitForInterfaces(
    _ request: NetworkRequest, until end: Milliseconds, for keeper: NetworkKeeper,
    through socket: RouteSocket
) throws(NetworkError) -> [SelectedInterface] {
    let entries = request.entries
    let optionalEnd = min(end, LeaseKeeper.now() + optionalPatienceMilliseconds)
    while true {
        let links = try links(through: socket)
        let selected = selectInterfaces(entries, among: links)
        let missing = entries.indices.filter { selected[$0] == nil }
        let needed = missing.first { !entries[$0].isOptional }
        if missing.isEmpty || LeaseKeeper.now() >= (needed == nil ? optionalEnd : end) {
            let present = links.compactMap { $0.mention }
            for index in missing {
                let failure = NetworkError.noInterface(
                    name: entries[index].selector.text, present: present,
                    waitedSeconds: needed == nil ? 1 : request.timeoutSeconds)
                if index == needed { throw failure }
                keeper.note(failure, on: entries[index].selector.text ?? [])
            }
            return entries.indices.compactMap { index in
                selected[index].map {
                    SelectedInterface(entry: entries[index], link: $0, position: index)
                }
            }
        }
        usleep(5000)
    }
}

/// What the configuration cannot know: a name and a hardware address may be one interface's.
private func refuseRepetition(_ selected: [SelectedInterface]) throws(NetworkError) {
    for (index, interface) in selected.enumerated() {
        let method = interface.entry.method
        guard method == .dhcp || method == .automaticVersion6 else { continue }
        let isRepeated = selected[..<index].contains {
            $0.link.index == interface.link.index && $0.entry.method == method
        }
        if isRepeated { throw .configuredTwice(interface: interface.link.name) }
    }
}

/// Prepares every interface, then brings it up. An optional entry that fails here is left out.
private func prepare(
    _ selected: [SelectedInterface], _ request: NetworkRequest, for keeper: NetworkKeeper,
    through socket: RouteSocket
) throws(NetworkError) {
    var controls: [LinkControl] = []
    for interface in selected {
        let control = LinkControl(interface.link, position: interface.position, through: socket)
        let listensToRouters = selected.contains {
            $0.link.index == interface.link.index && $0.entry.method == .automaticVersion6
        }
        do throws(NetworkError) {
            if let mtu = interface.entry.mtu { try control.setMTU(mtu) }
            if interface.entry.isVersion6 {
                try control.prepareVersion6(listensToRouters: listensToRouters)
            }
            keeper.add(
                interface.entry,
                try AddressSource(
                    interface.entry, hostname: request.hostname, on: control, clock: request.clock))
            controls.append(control)
        } catch {
            guard interface.entry.isOptional else { throw error }
            keeper.note(error, on: control.name)
        }
    }
    for control in controls { try control.bringUp() }
}

/// What is sent before the carrier is there is lost: a DHCP message costs a second then, and a
/// program's first packet more. Some links never report one, so after a while it goes on anyway.
private func waitForCarriers(
    of interfaces: [Link], until end: Milliseconds, through socket: RouteSocket
) throws(NetworkError) {
    while LeaseKeeper.now() < end {
        let running = try links(through: socket).filter { $0.isRunning }
        if interfaces.allSatisfy({ link in running.contains { $0.index == link.index } }) { return }
        usleep(2000)
    }
}

private func openRouteSocket(for interface: Bytes) throws(NetworkError) -> RouteSocket {
    do {
        return try RouteSocket()
    } catch {
        throw .failed(.openSocket, interface: interface, errno: error)
    }
}

private func links(through socket: RouteSocket) throws(NetworkError) -> [Link] {
    do {
        return try socket.list(Link.list()).compactMap { Link($0) }
    } catch {
        throw .failed(.readInterface, interface: "net".bytes, errno: error)
    }
}

extension Link {
    /// `eth0 (52:54:00:12:34:56)`; nil for what is no Ethernet.
    fileprivate var mention: Bytes? {
        hardwareAddress.map {
            name + " (".bytes + NetworkInterface.Selector.hardwareAddressText($0) + ")".bytes
        }
    }
}
