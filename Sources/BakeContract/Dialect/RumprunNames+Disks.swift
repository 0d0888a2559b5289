// Disks and what is on them.
extension RumprunNames {
    /// nil for a file system that only NetBSD's kernel has.
    mutating func blockDevice(
        _ entry: DialectValue
    ) throws(TextFault) -> DialectValue? {
        guard var members = entry.members else { return entry }
        if let fileSystem = entry["fstype"], fileSystem.string?.equals("kernfs") == true {
            notes.add(.needless(Bytes("kernfs")), at: fileSystem.offset)
            return nil
        }
        let isXen = entry["source"]?.string?.equals("etfs") == true
        // What is no name of Linux's either (`xbd0`) stays with its source: a disk by its number.
        let hasXenName = entry["path"]?.string.flatMap { Self.xenDevice($0) } != nil
        for index in members.indices {
            let value = members[index].value
            guard let text = value.string else { continue }
            if members[index].key.equals("fstype") {
                guard let name = try Self.fileSystem(text, at: value.offset) else { continue }
                members[index].value = rename(value, to: name)
            } else if members[index].key.equals("path") {
                let device = isXen ? Self.xenDevice(text) : Self.device(text)
                if let device { members[index].value = rename(value, to: device) }
            } else if members[index].key.equals("source"), isXen, hasXenName {
                members[index].value = DialectValue(string: Bytes("dev"), at: value.offset)
            }
        }
        return DialectValue(offset: entry.offset, content: .object(members))
    }

    /// What NetBSD calls a file system as Linux calls it; nil for the same name.
    private static func fileSystem(_ name: Bytes, at offset: Int) throws(TextFault) -> Bytes? {
        if name.equals("blk") { return Bytes("auto") }
        if name.equals("ext2fs") { return Bytes("ext4") }
        if name.equals("cd9660") { return Bytes("iso9660") }
        guard name.equals("ffs") else { return nil }
        throw TextFault(
            offset: offset,
            problem: .refused(
                ConfigurationPath([.key(Bytes("blk")), .key(Bytes("fstype"))]),
                why: "a Linux kernel mounts no ffs; make it an ext4, iso9660 or squashfs"))
    }

    /// `/dev/ld0a`, the first virtio disk, is `/dev/vda`; `/dev/sd0a` is `/dev/sda`. Of a NetBSD
    /// partition letter `a` and `d` both mean the whole of a disk without a disk label.
    static func device(_ path: Bytes) -> Bytes? {
        guard path.starts(with: "/dev/"), let letter = path.last else { return nil }
        var name = Bytes(path.dropFirst(5))
        if letter == 0x61 || letter == 0x64, name.count > 1 { name.removeLast() }
        if let number = number(of: name, among: ["ld"]), number < 26 {
            return Bytes("/dev/vd") + [0x61 + UInt8(number)]
        }
        if let number = number(of: name, among: ["sd", "wd"]), number < 26 {
            return Bytes("/dev/sd") + [0x61 + UInt8(number)]
        }
        return nil
    }

    /// Xen's disks: `xvda`, `sda1` (what EC2 calls its first), `blkfront:xvda`. Linux's own driver
    /// calls all of them xvd.
    static func xenDevice(_ path: Bytes) -> Bytes? {
        var name = path
        if name.starts(with: "blkfront:") { name.removeFirst(9) }
        if name.starts(with: "xvd") { return Bytes("/dev/") + name }
        if name.starts(with: "sd") || name.starts(with: "hd") {
            return Bytes("/dev/xv") + name.dropFirst()
        }
        return nil
    }
}
