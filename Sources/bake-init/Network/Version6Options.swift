// The kernel's settings of IPv6 for one interface (Documentation/networking/ip-sysctl.rst).

import BakeContract
import CGuest

extension LinkControl {
    /// Before the link is up: whether the kernel makes addresses and routes of router
    /// advertisements.
    func prepareVersion6(listensToRouters: Bool) throws(NetworkError) {
        let folder = "/proc/sys/net/ipv6/conf/".bytes + name + "/".bytes
        guard exists(folder) else { throw .noVersion6(interface: name) }
        try set(folder, "disable_ipv6", "0")
        // 2: also where programs forward packets.
        try set(folder, "accept_ra", listensToRouters ? "2" : "0")
        try set(folder, "autoconf", listensToRouters ? "1" : "0")
        guard listensToRouters else { return }
        try set(folder, "accept_ra_defrtr", "1")
        try set(folder, "accept_ra_pinfo", "1")
        // RFC 4861 section 6.3.7 waits up to a second so that many machines do not ask at once
        // after a power cut; the test for duplicates before is delay enough for one.
        try set(folder, "router_solicitation_delay", "0")
        // Linux 5.11 and later; before, all such routes have the same metric.
        if exists(folder + "ra_defrtr_metric".bytes) {
            try set(folder, "ra_defrtr_metric", "\(metric)")
        }
    }

    func listener(_ groups: [UInt32]) throws(NetworkError) -> RouteListener {
        do {
            return try RouteListener(groups)
        } catch {
            throw .failed(.listen, interface: name, errno: error)
        }
    }

    private func exists(_ path: Bytes) -> Bool { withCString(path) { access($0, F_OK) == 0 } }

    private func set(_ folder: Bytes, _ option: String, _ value: String) throws(NetworkError) {
        do {
            let file = try FileDescriptor(opening: folder + option.bytes, O_WRONLY)
            try file.write(all: value.bytes)
        } catch {
            throw .failed(.setVersion6Option, interface: name, errno: error)
        }
    }
}
