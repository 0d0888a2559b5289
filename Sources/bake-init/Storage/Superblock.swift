import BakeContract

/// What a block device holds, as far as its superblock tells.
struct Superblock: Equatable {
    /// The file system as mount(8) names it, or another thing a disk can hold: `swap`, `LVM`, `LUKS`.
    var type: Bytes
    /// Empty where it has none, or its kind knows none.
    var label: Bytes = []
    /// As blkid(8) prints it; empty as for `label`.
    var uuid: Bytes = []

    /// Whether `text` is its UUID: hexadecimal digits of either case.
    func hasUUID(_ text: Bytes) -> Bool { !uuid.isEmpty && uuid.lowerCase == text.lowerCase }

    /// Whether it is something that mount(2) takes.
    var isFileSystem: Bool {
        !["swap", "jbd", "LVM", "LUKS"].contains { $0.bytes == type }
    }

    /// The type to give to mount(2): the driver of ext4 is that of its ancestors too.
    var mountType: Bytes {
        type == "ext2".bytes || type == "ext3".bytes ? "ext4".bytes : type
    }
}

extension Array where Element == UInt8 {
    /// Without NUL and what follows it.
    var untilNUL: Bytes { Bytes(prefix { $0 != 0 }) }

    /// Without spaces at the end, which is how FAT and ISO 9660 fill their fields.
    var withoutPadding: Bytes {
        var text = untilNUL
        while text.last == UInt8(ascii: " ") { text.removeLast() }
        return text
    }

    /// With the letters of ASCII small.
    var lowerCase: Bytes { map { $0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0 } }

    /// 16 bytes in the order they are written in, as `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`. Empty
    /// for zeros alone: nobody gave it one.
    var asUUID: Bytes {
        guard count == 16, contains(where: { $0 != 0 }) else { return [] }
        var text: Bytes = []
        for (index, byte) in enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 {
                text.append(UInt8(ascii: "-"))
            }
            text += [byte].hexadecimal
        }
        return text
    }
}
