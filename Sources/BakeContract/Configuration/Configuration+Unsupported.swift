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
        return faults
    }
}
