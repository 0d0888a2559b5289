internal import BakeContract
internal import Kernels

extension Configuration {
    /// The file systems it mounts, with the key that wants them.
    var driverDemands: DriverDemands {
        var demands = DriverDemands()
        for disk in blockDevices where disk.mountPoint != nil {
            if let name = disk.fileSystem {
                demands.requests.append(
                    .init(fileSystem: String(decoding: name, as: UTF8.self), asker: "'blk'"))
            } else {
                demands.hasUnknownDisks = true
            }
        }
        for mount in mounts {
            demands.requests.append(
                .init(
                    fileSystem: String(decoding: mount.fileSystem, as: UTF8.self),
                    asker: "'mounts'"))
        }
        return demands
    }
}
