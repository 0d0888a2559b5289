import BakeContract

// What the configuration wants of the machine before the first program starts.

extension StepRunner {
    mutating func prepare(_ step: BootStep) throws(GuestFailure) {
        switch step {
        case .setHostname(let name):
            do { try system.setHostname(name) } catch { throw .cannotSetHostname(name, error) }
        case .setKernelSetting(let setting):
            let path = "/proc/sys/".bytes + setting.path
            do {
                try system.write(setting.value, into: path)
            } catch {
                throw .cannotSetKernelSetting(setting, error)
            }
        case .setLimit(let limit):
            do {
                try system.checkLimit(limit.resource, soft: limit.soft, hard: limit.hard)
            } catch {
                throw .cannotSetLimit(limit, error)
            }
            limits.append(limit)
        case .bringUpLoopback:
            try system.bringUpLoopback()
        case .configureNetwork(let interfaces, let hostname):
            network = try system.configure(interfaces, hostname: hostname)
        case .mountDisk(let disk):
            try mountConfigured(disk)
        case .mount(let mount):
            try mountConfigured(mount)
        case .writeFile(let file):
            try writeConfigured(file)
        case .publishConfiguration(let text):
            publish(text)
        default:
            return
        }
    }

    private func writeConfigured(_ file: ConfiguredFile) throws(GuestFailure) {
        if let slash = file.path.lastIndex(of: UInt8(ascii: "/")) {
            makeDirectoriesIfMissing(Bytes(file.path[..<slash]), mode: 0o755, on: system)
        }
        do {
            try system.create(file.path, mode: file.mode, contents: file.contents)
            try system.changeOwner(of: file.path, user: file.user, group: file.group)
        } catch {
            throw .cannotWrite(path: file.path, error)
        }
    }

    /// For programs to read; a read-only root that has none goes without.
    private func publish(_ text: Bytes) {
        do {
            try system.create("/rumpconfig.json".bytes, mode: 0o644, contents: text)
        } catch {}
    }

    private func mountConfigured(_ mount: ConfiguredMount) throws(GuestFailure) {
        makeMountPoint(mount)
        let (flags, options) = MountFlags.split(mount.options)
        let request = Mount(
            source: mount.source, target: mount.mountPoint, type: mount.fileSystem, flags: flags,
            options: options)
        do {
            try system.mount(request)
            // What makes a bind mount takes no other flag; a second call does (mount(2), "Creating
            // a bind mount").
            let others = flags.subtracting([.bind, .recursive])
            if flags.contains(.bind), !others.isEmpty {
                try system.mount(
                    Mount(
                        source: [], target: mount.mountPoint, type: [],
                        flags: others.union([.remount, .bind])))
            }
        } catch {
            throw error == .noDevice
                ? .cannotUseDisk(
                    path: mount.source, at: mount.mountPoint,
                    .noDriver(fileSystem: mount.fileSystem))
                : .cannotMount(mount, error)
        }
    }

    /// A directory; for a file that appears in a second place, a file.
    private func makeMountPoint(_ mount: ConfiguredMount) {
        guard mount.isBind, system.kind(of: mount.source) == .file,
            let slash = mount.mountPoint.lastIndex(of: UInt8(ascii: "/"))
        else { return makeDirectoriesIfMissing(mount.mountPoint, mode: 0o755, on: system) }
        makeDirectoriesIfMissing(Bytes(mount.mountPoint[..<slash]), mode: 0o755, on: system)
        if system.kind(of: mount.mountPoint) != nil { return }
        // What cannot be made shows when it is mounted on.
        do { try system.create(mount.mountPoint, mode: 0o644, contents: []) } catch {}
    }

    private func mountConfigured(_ disk: BlockDevice) throws(GuestFailure) {
        do {
            try mountDisk(disk, on: system)
        } catch {
            let failure = GuestFailure.cannotUseDisk(path: disk.path, at: disk.mountPoint, error)
            guard disk.isOptional else { throw failure }
            system.say("bake: warning: \(failure.text)".bytes)
        }
    }
}

extension MountFlags {
    /// Options as mount(8) takes them: the words that are flags of mount(2), and the rest, which
    /// is the file system's. Words that are for readers of fstab(5) alone go nowhere.
    static func split(_ options: Bytes) -> (flags: MountFlags, rest: Bytes) {
        var flags: MountFlags = []
        var rest: [Bytes] = []
        for word in options.split(at: UInt8(ascii: ",")) where !word.isEmpty {
            if let (flag, isSet) = flag(word) {
                if isSet { flags.insert(flag) } else { flags.remove(flag) }
            } else if !isForReadersAlone(word) {
                rest.append(word)
            }
        }
        return (flags, Bytes(rest.joined(separator: ",".bytes)))
    }

    private static func isForReadersAlone(_ word: Bytes) -> Bool {
        ["defaults", "nofail", "auto", "noauto", "_netdev"].contains { $0.bytes == word }
            || word.starts(with: "x-".bytes)
    }

    private static func flag(_ word: Bytes) -> (MountFlags, Bool)? {
        let names: [(String, MountFlags, Bool)] = [
            ("ro", .readOnly, true), ("rw", .readOnly, false),
            ("nosuid", .noSetUID, true), ("suid", .noSetUID, false),
            ("nodev", .noDevices, true), ("dev", .noDevices, false),
            ("noexec", .noExecution, true), ("exec", .noExecution, false),
            ("sync", .synchronous, true), ("async", .synchronous, false),
            ("noatime", .noAccessTime, true), ("atime", .noAccessTime, false),
            ("relatime", .relativeAccessTime, true), ("strictatime", .strictAccessTime, true),
            ("nodiratime", .noDirectoryAccessTime, true), ("lazytime", .lazyTime, true),
            ("dirsync", .synchronousDirectories, true),
            ("bind", .bind, true), ("rbind", [.bind, .recursive], true),
        ]
        return names.first { $0.0.bytes == word }.map { ($0.1, $0.2) }
    }
}
