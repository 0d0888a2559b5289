internal import Trees

/// As long as all of it is the same, `--trust stat` takes the content of a file to be the same.
typealias FileLook = HostFile.Look

extension FileLook {
    /// As the index has it.
    init(_ bytes: [UInt8], at offset: Int) {
        self.init(
            identity: HostIdentity(
                device: bytes.number(at: offset, as: UInt64.self),
                inode: bytes.number(at: offset + 8, as: UInt64.self)),
            byteCount: bytes.number(at: offset + 16, as: UInt64.self),
            mtimeSeconds: bytes.number(at: offset + 24, as: Int64.self),
            mtimeNanoseconds: bytes.number(at: offset + 32, as: Int32.self),
            ctimeSeconds: bytes.number(at: offset + 40, as: Int64.self),
            ctimeNanoseconds: bytes.number(at: offset + 36, as: Int32.self))
    }

    func append(to bytes: inout [UInt8]) {
        bytes.append(number: identity.device)
        bytes.append(number: identity.inode)
        bytes.append(number: byteCount)
        bytes.append(number: mtimeSeconds)
        bytes.append(number: mtimeNanoseconds)
        bytes.append(number: ctimeNanoseconds)
        bytes.append(number: ctimeSeconds)
    }

    /// What the index is sorted by.
    var key: Key { Key(device: identity.device, inode: identity.inode) }

    struct Key: Comparable {
        let device: UInt64
        let inode: UInt64

        static func < (key: Key, other: Key) -> Bool {
            (key.device, key.inode) < (other.device, other.inode)
        }
    }

    /// How much older than the reading a time must be to tell that nothing was written afterwards:
    /// the coarsest clock of a file system, FAT's, in seconds.
    private static let clockStep: Int64 = 2

    /// Whether a later change would show. One that comes within the same tick of the file system's
    /// clock as the last one before the reading leaves the same time, so a file that was young when
    /// it was read is not known by its looks. The rule is that of git's index
    /// (Documentation/technical/racy-git).
    ///
    /// - Parameter time: when the reading began, seconds since 1970.
    func isSettled(before time: Int64) -> Bool {
        max(mtimeSeconds, ctimeSeconds) < time - Self.clockStep
    }
}
