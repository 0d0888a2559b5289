internal import Glibc
internal import SystemPackage

/// A name taken for a machine, from before QEMU starts until it is gone. Whoever dies with one
/// leaves files behind that the next to want the name takes over.
final class MachineClaim {
    let name: MachineName
    let directory: MachineDirectory
    private let descriptor: FileDescriptor

    init(_ name: MachineName, in directory: MachineDirectory) throws(MachineError) {
        try directory.prepare()
        guard directory.socket(of: name).length < Self.socketPathLimit else {
            throw .nameTooLong(directory.socket(of: name))
        }
        let locked = try Self.lock(directory.file(of: name), name)
        // Its `bake run` was killed, but QEMU lives on. Thrown before there is anything to
        // deinitialise: the files stay that machine's.
        if let other = directory.machine(named: name) {
            locked.discard()
            throw .nameInUse(name, pid: other.pid)
        }
        self.name = name
        self.directory = directory
        descriptor = locked
        Self.remove(directory.socket(of: name))
    }

    deinit {
        Self.remove(directory.socket(of: name))
        Self.remove(directory.file(of: name))
        descriptor.discard()
    }

    /// `sun_path` of unix(7), its NUL taken off.
    private static let socketPathLimit = 108

    /// Makes QEMU serve its monitor for `bake stop`.
    var arguments: [String] {
        let path = directory.socket(of: name).string.split(
            separator: ",", omittingEmptySubsequences: false
        ).joined(separator: ",,")
        return [
            "-chardev", "socket,id=machine,path=\(path),server=on,wait=off",
            "-mon", "chardev=machine,mode=control",
        ]
    }

    func write(_ machine: RunningMachine) throws(MachineError) {
        let bytes = machine.encoded
        let count = bytes.withUnsafeBytes {
            Glibc.write(descriptor.rawValue, $0.baseAddress, $0.count)
        }
        guard count == bytes.count else {
            throw .system("cannot write '\(directory.file(of: name))'")
        }
    }

    /// Opens the file and locks it. Between the two somebody else may have removed it: then a lock
    /// on it is worth nothing.
    private static func lock(
        _ path: FilePath, _ name: MachineName
    ) throws(MachineError) -> FileDescriptor {
        while true {
            let number = path.withPlatformString {
                open($0, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            }
            guard number >= 0 else { throw .system("cannot make '\(path)'") }
            guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
                close(number)
                throw .nameInUse(name, pid: nil)
            }
            if isFile(number, at: path) { return FileDescriptor(rawValue: number) }
            close(number)
        }
    }

    /// Whether a path still names the file that was opened.
    static func isFile(_ descriptor: Int32, at path: FilePath) -> Bool {
        var opened = stat()
        var named = stat()
        return fstat(descriptor, &opened) == 0
            && path.withPlatformString { lstat($0, &named) } == 0
            && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    /// Nothing there is as good as removed.
    static func remove(_ path: FilePath) {
        _ = path.withPlatformString { unlink($0) }
    }
}
