public import BakeContract
public import SystemPackage

// What the parts say. Each call reads its part; none of them is large.
extension BootImage {
    /// The release of the kernel inside, as its modules directory is called.
    public var kernelVersion: String { manifest.kernelVersion }

    /// The baked kernel command line.
    public func commandLine() throws(ImageError) -> Bytes {
        let part = self[.commandLine].range
        return try file.bytes(
            in: part.prefixRange(record.commandLine.count), of: .commandLine)
    }

    /// The text of rumpconfig.json as it was when the image was made; nil when there was none.
    public func bakedConfiguration() throws(ImageError) -> Bytes? {
        guard let range = try member(Self.configurationMember) else { return nil }
        return try file.bytes(in: range, of: .settings)
    }

    /// The squashfs or tar, padding and hash tree left out: an open file, which lives as long as
    /// this value, and file offsets in it.
    public var blobData: (file: FileDescriptor, range: Range<Int>) {
        (file.descriptor, self[.blob].range.prefixRange(manifest.blob.dataByteCount))
    }

    /// Reads the blob once and throws where it is not what its digest or its hash tree says.
    public func checkBlob() throws(ImageError) {
        let verifier = PartVerifier(file: file, manifest: manifest, parts: parts)
        if let flaw = try verifier.blobFlaw(ImagePart(name: .blob, range: self[.blob].range)) {
            throw .malformed(part: .blob, flaw: flaw)
        }
    }

    /// Where every file of the tree came from, as text; empty when the image does not say.
    public func provenance() throws(ImageError) -> Bytes {
        let frame = try file.bytes(in: self[.provenance].range, of: .provenance)
        guard let text = ZstdFrame.content(of: frame, limitByteCount: ByteLimit.provenance) else {
            throw .malformed(part: .provenance, flaw: .badField("Zstandard frame"))
        }
        return text
    }

    /// The lines that tell the guest about the blob.
    public func guestManifest() throws(ImageError) -> Bytes {
        guard let range = try member(Self.guestManifestMember) else {
            throw .malformed(part: .settings, flaw: .badField(Self.guestManifestMember))
        }
        return try file.bytes(in: range, of: .settings)
    }

    public func room() throws(ImageError) -> ConfigurationRoom {
        try ConfigurationRoom(archive: try file.bytes(in: self[.room].range, of: .room))
    }

    /// The JSON merge patch over the baked configuration that counts.
    public func configurationPatch() throws(ImageError) -> Bytes {
        guard let current = try room().current else {
            throw .malformed(part: .room, flaw: .wrongDigest)
        }
        return current.slot.text
    }

    static let guestManifestMember = "bake/manifest"
    static let configurationMember = "bake/rumpconfig.json"

    /// File offsets of the content of a member of the settings archive.
    func member(_ name: String) throws(ImageError) -> Range<Int>? {
        let part = self[.settings].range
        guard part.count <= ByteLimit.settings else {
            throw .malformed(part: .settings, flaw: .badField("length"))
        }
        let bytes = try file.bytes(in: part, of: .settings)
        return try NewcArchive.members(in: bytes, of: .settings)
            .first { $0.header.name == Array(name.utf8) }?
            .content.shifted(by: part.lowerBound)
    }
}
