extension Configuration {
    /// What is well formed, can be carried out and is probably not meant: rules across keys.
    var oddities: [ConfigurationFault] {
        var faults: [ConfigurationFault] = []
        let net = ConfigurationPath([.key(Bytes("net"))])
        for index in interfaces.indices {
            let path = net.appending(index)
            if let fault = interfaces[index].oddity(at: path) { faults.append(fault) }
        }
        faults += repeatedMountPoints
        return faults
    }

    private var repeatedMountPoints: [ConfigurationFault] {
        var seen: [Bytes] = []
        var faults: [ConfigurationFault] = []
        func look(at target: Bytes, _ key: String, _ index: Int) {
            if seen.contains(target) {
                let place = ConfigurationPath([.key(Bytes(key))]).appending(index)
                    .appending(Bytes("mountpoint"))
                faults.append(
                    ConfigurationFault(
                        path: place,
                        problem: .refused(place, why: "something is mounted there already")))
            }
            seen.append(target)
        }
        // In the order of the boot.
        for (index, disk) in blockDevices.enumerated() {
            if let target = disk.mountPoint { look(at: target, "blk", index) }
        }
        for (index, mount) in mounts.enumerated() { look(at: mount.mountPoint, "mounts", index) }
        return faults
    }
}

extension NetworkInterface {
    /// An address that is the network's own or its broadcast address, or its gateway's.
    fileprivate func oddity(at path: ConfigurationPath) -> ConfigurationFault? {
        guard case .fixed(let address, let prefix, let gateway) = method else { return nil }
        let mask = prefix.mask.bits
        if prefix.count < 31 {
            let place = path.appending(Bytes("addr"))
            let host = address.bits & ~mask
            if host == 0 || host == ~mask {
                let what = host == 0 ? "the network itself" : "the network's broadcast address"
                return ConfigurationFault(
                    path: place, problem: .refused(place, why: "this is \(what)"))
            }
        }
        guard let gateway, gateway == address else { return nil }
        let place = path.appending(Bytes("gw"))
        return ConfigurationFault(
            path: place, problem: .refused(place, why: "this is the machine's own address"))
    }
}
