/// The parts of an image, in file order (docs/image-format.md).
public enum PartName: String, Hashable, Sendable, CaseIterable {
    case setup
    case stub
    case manifest
    case commandLine = "cmdline"
    case osRelease = "os-release"
    case kernelRelease = "uname"
    case provenance
    case efiStub = "efi-stub"
    case kernel
    case initramfs
    case settings
    case room
    case blobHeader = "blob-header"
    case blob
    case blobTrailer = "blob-trailer"

    /// Whether the manifest lists a digest of the part. The manifest and the room carry their own.
    public var hasDigestInManifest: Bool {
        self != .manifest && self != .room
    }
}

/// Where a part stands in the file.
public struct ImagePart: Hashable, Sendable {
    public var name: PartName
    /// File offsets, in bytes.
    public var range: Range<Int>

    public init(name: PartName, range: Range<Int>) {
        self.name = name
        self.range = range
    }
}
