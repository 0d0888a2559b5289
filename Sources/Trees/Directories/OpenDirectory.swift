internal import CXattr
internal import Glibc
internal import SystemPackage

/// A directory of this machine that is being looked at: the system calls of the scan.
struct OpenDirectory: ~Copyable {
    private let descriptor: FileDescriptor
    let status: stat

    /// Takes the descriptor over, also when it throws.
    init(_ descriptor: FileDescriptor) throws(Errno) {
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else {
            let reason = Errno(rawValue: errno)
            _ = Glibc.close(descriptor.rawValue)
            throw reason
        }
        self.descriptor = descriptor
        self.status = status
    }

    deinit {
        _ = Glibc.close(descriptor.rawValue)
    }

    /// Every name but `.` and `..`, in the kernel's order.
    func names() throws(Errno) -> [Bytes] {
        // The stream closes its descriptor, so it gets one of its own.
        let duplicate = fcntl(descriptor.rawValue, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { throw Errno(rawValue: errno) }
        guard let stream = fdopendir(duplicate) else {
            let reason = Errno(rawValue: errno)
            _ = Glibc.close(duplicate)
            throw reason
        }
        defer { closedir(stream) }
        var names: [Bytes] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw Errno(rawValue: errno) }
                return names
            }
            let name = Self.name(of: entry)
            if name != [UInt8(ascii: ".")] && name != [UInt8(ascii: "."), UInt8(ascii: ".")] {
                names.append(name)
            }
        }
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> Bytes {
        let offset = MemoryLayout<dirent>.offset(of: \.d_name)!
        let start = UnsafeRawPointer(entry) + offset
        let count = strlen(start.assumingMemoryBound(to: CChar.self))
        return Bytes(UnsafeRawBufferPointer(start: start, count: count))
    }

    func status(of name: Bytes) throws(Errno) -> stat {
        var status = stat()
        guard fstatat(descriptor.rawValue, name.terminated, &status, AT_SYMLINK_NOFOLLOW) == 0
        else { throw Errno(rawValue: errno) }
        return status
    }

    func target(of name: Bytes) throws(Errno) -> Bytes {
        var capacity = 256
        while true {
            var count = 0
            let target = Bytes(unsafeUninitializedCapacity: capacity) { buffer, filled in
                count = buffer.withMemoryRebound(to: CChar.self) {
                    readlinkat(
                        descriptor.rawValue, name.terminated, $0.baseAddress!, capacity)
                }
                filled = max(0, count)
            }
            if count < 0 { throw Errno(rawValue: errno) }
            if count < capacity { return target }
            capacity *= 4
        }
    }

    // There is no call that takes a directory and a name and does not follow links, except by way
    // of /proc (openat(2), "Rationale"): the file itself may be a device or unreadable, so it is
    // not opened.
    private func path(of name: Bytes?) -> [CChar] {
        let own = Bytes("/proc/self/fd/\(descriptor.rawValue)/".utf8)
        return (own + (name ?? [UInt8(ascii: ".")])).terminated
    }

    /// Sorted by name.
    func xattrs(of name: Bytes?) throws(Errno) -> [Node.Xattr] {
        let path = path(of: name)
        let list: Bytes
        do throws(Errno) {
            list = try Self.grown { llistxattr(path, $0, $1) }
        } catch .notSupported {
            return []
        }
        if list.isEmpty { return [] }
        var xattrs: [Node.Xattr] = []
        for attribute in list.split(separator: 0).map(Bytes.init) {
            let value = try Self.grown { lgetxattr(path, attribute.terminated, $0, $1) }
            xattrs.append(Node.Xattr(name: attribute, value: value))
        }
        return xattrs.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// Calls with a larger buffer until what there is fits.
    private static func grown(
        _ call: (UnsafeMutablePointer<CChar>?, Int) -> Int
    ) throws(Errno) -> Bytes {
        var capacity = 1024
        while true {
            var count = 0
            let bytes = Bytes(unsafeUninitializedCapacity: capacity) { buffer, filled in
                count = buffer.withMemoryRebound(to: CChar.self) { call($0.baseAddress, capacity) }
                filled = max(0, count)
            }
            if count >= 0 { return bytes }
            if errno != ERANGE { throw Errno(rawValue: errno) }
            // 64 KiB is the kernel's limit for both (xattr(7)).
            if capacity >= 65536 { throw Errno.outOfRange }
            capacity = 65536
        }
    }
}

extension HostIdentity {
    init(_ status: stat) {
        self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}

extension HostFile {
    init(_ directory: HostDirectory, _ path: TreePath, _ status: stat) {
        self.init(
            directory: directory, path: path, identity: HostIdentity(status),
            byteCount: UInt64(max(0, status.st_size)),
            mtimeSeconds: Int64(status.st_mtim.tv_sec),
            mtimeNanoseconds: Int32(status.st_mtim.tv_nsec),
            ctimeSeconds: Int64(status.st_ctim.tv_sec),
            ctimeNanoseconds: Int32(status.st_ctim.tv_nsec))
    }
}

extension Node.Device {
    /// As the kernel packs them into 64 bits (makedev(3)).
    init(_ number: dev_t) {
        let number = UInt64(number)
        self.init(
            major: UInt32((number >> 8) & 0xfff | (number >> 32) & 0xffff_f000),
            minor: UInt32(number & 0xff | (number >> 12) & 0xffff_ff00))
    }
}
