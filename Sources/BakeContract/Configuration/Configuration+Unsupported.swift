extension Configuration {
    /// What is well formed but cannot be carried out by this version's guest. The host refuses it
    /// when the image is made, the guest before it does anything: nothing asked for is left out in
    /// silence.
    var unsupportedKeys: [ConfigurationFault] {
        var faults: [ConfigurationFault] = []
        func refuse(_ path: ConfigurationPath, _ what: StaticString) {
            faults.append(ConfigurationFault(path: path, problem: .unsupported(path, what)))
        }
        if !blockDevices.isEmpty {
            refuse(
                ConfigurationPath([.key(Bytes("blk"))]), "this version of bake attaches no disks")
        }
        for index in interfaces.indices {
            let path = ConfigurationPath([.key(Bytes("net")), .index(index)])
            if interfaces[index].method == .version6 {
                refuse(path, "this version of bake configures IPv4 only")
            }
            if index > 0 { refuse(path, "this version of bake configures one interface") }
        }
        return faults
    }
}
