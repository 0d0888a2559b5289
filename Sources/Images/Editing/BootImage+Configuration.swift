public import BakeContract
internal import Glibc
public import SystemPackage

extension BootImage {
    /// Replaces the patch over the baked configuration in the image itself, and returns when it
    /// is on the disk. Nothing but one slot of the room changes.
    ///
    /// The slot that does not count is written, so whatever moment the machine stops at, one
    /// slot is whole: the old one, or the new one. Throws `patchTooLong` for a text beyond
    /// `ConfigurationRoom.textLimitByteCount`, and a lock error while another process does the
    /// same. `patch` is a JSON object; that it makes sense is for the caller to know.
    public static func writeConfigurationPatch(
        _ patch: Bytes, to path: FilePath
    ) throws(ImageError) {
        let file = try InputFile(path, for: .readWrite)
        try file.lock()
        let image = try BootImage(file)
        let (index, slot) = try image.room().next(text: patch)
        let offset = image[.room].range.lowerBound + ConfigurationRoom.slotRange(index).lowerBound
        try file.overwrite(try slot.encoded(), at: offset)
    }
}

extension ConfigurationRoom {
    /// Which slot a new text goes to, and what it holds: never the one that counts.
    func next(text: Bytes) throws(ImageError) -> (index: Int, slot: Slot) {
        guard let current, current.slot.sequenceNumber < .max else {
            throw .malformed(part: .room, flaw: .badField("slots"))
        }
        let slot = Slot(sequenceNumber: current.slot.sequenceNumber + 1, text: text)
        return ((current.index + 1) % Self.slotCount, slot)
    }
}

extension InputFile {
    /// Keeps other editors out until the file is closed; fails at once when one is in.
    fileprivate func lock() throws(ImageError) {
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            throw .file(action: .lock, path: path, errno: Errno(rawValue: Glibc.errno))
        }
    }
}
