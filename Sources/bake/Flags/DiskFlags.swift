internal import ArgumentParser
internal import BakeContract
internal import Launching

/// The disks of `bake run`, and where the guest mounts them.
struct DiskFlags: ParsableArguments {
    @Option(
        name: [.customShort("b"), .customLong("disk")],
        help: ArgumentHelp(
            "A disk, and where it is mounted, in place of the baked 'blk'; repeat it for more.",
            valueName: "[FORMAT:]FILE[,MOUNTPOINT[,FSTYPE[,OPTION...]]]"))
    var texts: [String] = []

    /// Looks at each of the files.
    func apply(to request: inout LaunchRequest) throws(CommandFailure) {
        let disks = try parsed()
        do {
            request.disks = try disks.map { disk throws(LaunchError) in try disk.examined() }
        } catch {
            throw CommandFailure(.missingInput, error.description)
        }
    }

    /// The `blk` that they ask for; nil where none has a mount point, and the image's own counts.
    func entries() throws(CommandFailure) -> JSONValue? {
        let entries = try parsed().enumerated().compactMap { $1.entry(at: $0) }
        return entries.isEmpty ? nil : .array(entries)
    }

    private func parsed() throws(CommandFailure) -> [DiskFile] {
        do {
            return try texts.map { text throws(LaunchError) in try DiskFile(parsing: text) }
        } catch {
            throw CommandFailure(.usage, error.description)
        }
    }
}
