import BakeContract

/// Disks that a platform made for this machine, told by the label of their file system: NoCloud and
/// ConfigDrive. Only those that are there at once.
struct SeedDisks: SourceFinder {
    static let source = OverrideSource.seed

    /// A disk with one of the labels.
    private struct Candidate {
        var format: SeedDiskSource.Format
        var name: Bytes
        var path: Bytes
        var type: Bytes
    }

    func find<System: GuestSystem>(
        on system: System, into findings: inout PlatformFindings
    ) throws(SourceError) {
        var found: [Candidate] = []
        for disk in disks(on: system) {
            guard let candidate = Self.candidate(disk) else { continue }
            if let other = found.first(where: { $0.format == candidate.format }) {
                if Self.isPartition(candidate, of: other, on: system) { continue }
                throw .twoSeeds(
                    label: candidate.format.label.description, other.path, candidate.path)
            }
            found.append(candidate)
        }
        for candidate in found { findings.seeds.append(try read(candidate, on: system)) }
    }

    private static func candidate(_ disk: Disk) -> Candidate? {
        guard let superblock = disk.superblock,
            let format = SeedDiskSource.Format.allCases.first(where: {
                superblock.label.lowerCase == $0.label.description.bytes
            })
        else { return nil }
        return Candidate(
            format: format, name: disk.name, path: disk.path, type: superblock.mountType)
    }

    /// mformat(1) writes a table into the boot sector with one partition, which is the whole disk
    /// once more.
    private static func isPartition<System: GuestSystem>(
        _ candidate: Candidate, of disk: Candidate, on system: System
    ) -> Bool {
        let folder = "/sys/class/block/".bytes + disk.name + "/".bytes
        return system.kind(of: folder + candidate.name) != nil
    }

    /// What is on it, with nothing of it left mounted.
    private func read<System: GuestSystem>(
        _ candidate: Candidate, on system: System
    ) throws(SourceError) -> SeedDiskSource {
        try mount(candidate, on: system)
        let seed: SeedDiskSource
        do throws(SourceError) {
            seed = try contents(candidate.format, on: system)
        } catch {
            // The boot ends anyway.
            do { try system.unmount(BootPaths.seed) } catch {}
            throw error
        }
        do {
            try system.unmount(BootPaths.seed)
        } catch {
            throw .cannotRead(candidate.path, error)
        }
        return seed
    }

    private func mount<System: GuestSystem>(
        _ candidate: Candidate, on system: System
    ) throws(SourceError) {
        makeDirectoryIfMissing(BootPaths.seed, mode: 0o755, on: system)
        // A driver that cannot be loaded is built in, or missed by the mount.
        _ = loadDrivers(of: .named([candidate.type]), on: system)
        let mount = Mount(
            source: candidate.path, target: BootPaths.seed, type: candidate.type,
            flags: [.readOnly, .noSetUID, .noDevices, .noExecution])
        do {
            try system.mount(mount)
        } catch {
            throw .cannotMount(device: candidate.path, type: candidate.type, error)
        }
    }

    private func contents<System: GuestSystem>(
        _ format: SeedDiskSource.Format, on system: System
    ) throws(SourceError) -> SeedDiskSource {
        func file(_ name: StaticString) throws(SourceError) -> Bytes? {
            try system.sourceText(BootPaths.seed + "/".bytes + name.description.bytes)
        }
        return SeedDiskSource(
            format: format, metaData: try file(format.metaDataPath),
            userData: try file(format.userDataPath),
            configuration: try file(SeedDiskSource.Format.configurationPath))
    }
}
