public import BakeContract
internal import Glibc
public import SystemPackage

/// A finished image, open to have its settings changed. Other editors are kept out until this one
/// is dropped.
public struct ImageEditor: ~Copyable {
    public let image: BootImage
    /// Whether the file carries a signature for UEFI Secure Boot, which no change outlives.
    public let isSigned: Bool
    private let file: InputFile
    private let checksum: Range<Int>

    /// A symbolic link is followed. Throws `.file(.lock, _, .resourceTemporarilyUnavailable)` at
    /// once where another editor has the image.
    public init(opening path: FilePath) throws(ImageError) {
        let file = try InputFile.locked(try Self.followed(path))
        let image = try BootImage(file)
        let headers = try HeaderLocations(try SetupArea(of: file))
        let certificates = try file.bytes(in: headers.certificateEntry, of: .setup)
        self.image = image
        self.file = file
        self.checksum = headers.checksum
        self.isSigned = certificates != Self.noCertificates
    }

    private static let noCertificates = Bytes(repeating: 0, count: 8)

    private static func followed(_ path: FilePath) throws(ImageError) -> FilePath {
        guard let name = realpath(path.string, nil) else {
            throw .file(action: .open, path: path, errno: Errno(rawValue: Glibc.errno))
        }
        defer { free(name) }
        return FilePath(platformString: name)
    }

    /// Replaces the patch over the baked configuration in the file itself, and returns when it is
    /// on the disk. Nothing but one slot of the room changes, and the PE CheckSum where there was
    /// one: it becomes 0, "none".
    ///
    /// The slot that does not count is written, so whatever moment the machine stops at, one
    /// slot is whole: the old one, or the new one. Throws `patchTooLong` for a text beyond
    /// `ConfigurationRoom.textLimitByteCount`. `patch` is a JSON object; that it makes sense is for
    /// the caller to know.
    public borrowing func write(patch: Bytes) throws(ImageError) {
        let (index, slot) = try image.room().next(text: patch)
        let bytes = try slot.encoded()
        let none = Bytes(repeating: 0, count: checksum.count)
        if try file.bytes(in: checksum, of: .setup) != none {
            try file.overwrite(none, at: checksum.lowerBound)
        }
        let offset = image[.room].range.lowerBound + ConfigurationRoom.slotRange(index).lowerBound
        try file.overwrite(bytes, at: offset)
    }

    /// Writes the image anew, with another baked configuration and nothing in the room, and puts it
    /// in the place of the old one. Blob, kernel and initramfs are the same; a signature is left
    /// behind.
    ///
    /// - Parameters:
    ///   - configuration: the text of rumpconfig.json.
    ///   - bakeVersion: for the manifest.
    public consuming func rewrite(
        configuration: Bytes, bakeVersion: String
    ) throws(ImageError) {
        var contents = try ImageContents(of: image, bakeVersion: bakeVersion)
        contents.settings = try Initramfs.settings(
            guestManifest: image.manifest.blob.guestManifest, configuration: configuration)
        try ImageWriter.write(contents, to: file.path, permissions: try file.permissions())
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
    /// Open for reading and writing, and locked until it is closed.
    fileprivate static func locked(_ path: FilePath) throws(ImageError) -> InputFile {
        while true {
            let file = try InputFile(path, for: .readWrite)
            guard flock(file.descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
                throw .file(action: .lock, path: path, errno: Errno(rawValue: Glibc.errno))
            }
            // An editor before us may have put another file in the place of the one we opened.
            if try file.isStillThere() { return file }
        }
    }

    private func isStillThere() throws(ImageError) -> Bool {
        var named = stat()
        guard stat(path.string, &named) == 0 else {
            throw .file(action: .open, path: path, errno: Errno(rawValue: Glibc.errno))
        }
        let opened = try status()
        return named.st_dev == opened.st_dev && named.st_ino == opened.st_ino
    }

    fileprivate func permissions() throws(ImageError) -> FilePermissions {
        FilePermissions(rawValue: try status().st_mode & 0o7777)
    }

    private func status() throws(ImageError) -> stat {
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else {
            throw .file(action: .read, path: path, errno: Errno(rawValue: Glibc.errno))
        }
        return status
    }
}
