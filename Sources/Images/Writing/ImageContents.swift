public import BakeContract
public import SystemPackage

/// Everything an image is made of.
public struct ImageContents: Sendable {
    /// The version of bake, for the manifest.
    public var bakeVersion: String
    /// BootStub as built, its boot record still empty.
    public var bootStub: Bytes
    /// systemd's linuxx64.efi.stub.
    public var efiStub: Bytes
    /// As its package has it.
    public var efiStubVersion: String
    /// A whole bzImage; it stays as it is, byte for byte.
    public var kernel: PartSource
    /// What `uname -r` says when it runs.
    public var kernelVersion: String
    /// The baked kernel command line, without a NUL.
    public var commandLine: Bytes
    /// Text in the format of os-release(5), of the tree or bake's own, never the host's.
    public var osRelease: Bytes
    /// Where every file of the tree came from: `compressed(provenance:)`.
    public var provenance: Bytes
    /// What distribution packages the tree was made from, for the manifest.
    public var packages: [Manifest.Package]
    /// `Initramfs.archive`.
    public var initramfs: Bytes
    /// A newc archive, not compressed.
    public var settings: Bytes
    public var blob: BlobSource
    /// Whether the kernel and its modules can use the blob where the loader put it: then the
    /// boot stub makes it persistent memory, else the kernel unpacks it.
    public var leavesBlobInPlace: Bool

    public init(
        bakeVersion: String, bootStub: Bytes, efiStub: Bytes, efiStubVersion: String,
        kernel: PartSource, kernelVersion: String, commandLine: Bytes, osRelease: Bytes,
        provenance: Bytes, packages: [Manifest.Package] = [],
        initramfs: Bytes, settings: Bytes, blob: BlobSource, leavesBlobInPlace: Bool
    ) {
        self.bakeVersion = bakeVersion
        self.bootStub = bootStub
        self.efiStub = efiStub
        self.efiStubVersion = efiStubVersion
        self.kernel = kernel
        self.kernelVersion = kernelVersion
        self.commandLine = commandLine
        self.osRelease = osRelease
        self.provenance = provenance
        self.packages = packages
        self.initramfs = initramfs
        self.settings = settings
        self.blob = blob
        self.leavesBlobInPlace = leavesBlobInPlace
    }
}

extension ImageContents {
    /// A text that says where every file came from, as an image holds it; may be empty.
    public static func compressed(provenance text: Bytes) throws(ImageError) -> Bytes {
        guard text.count <= ByteLimit.provenance else {
            throw .tooLarge(
                what: "the provenance of the files", byteCount: text.count,
                limitByteCount: ByteLimit.provenance)
        }
        // The lines of overlapping layers can be megabytes, and level 19 takes a second for each.
        return try ZstdFrame.compressed(text, level: 9)
    }
}

/// A blob in a file of its own, or inside an image.
public struct BlobSource: Sendable {
    /// Open for reading; stays the caller's to close. Its position does not matter and stays.
    public var descriptor: FileDescriptor
    /// For messages.
    public var path: FilePath
    /// What it is; its length is a multiple of 4096.
    public var description: BlobDescription
    /// Where it begins in the file, in bytes.
    public var offset: Int
    /// Memory that the guest fills by unpacking it: the files of a tar, 0 for a squashfs.
    public var treeByteCount: Int

    public init(
        descriptor: FileDescriptor, path: FilePath, description: BlobDescription,
        offset: Int = 0, treeByteCount: Int = 0
    ) {
        self.descriptor = descriptor
        self.path = path
        self.description = description
        self.offset = offset
        self.treeByteCount = treeByteCount
    }
}

/// What was written.
public struct WrittenImage: Equatable, Sendable {
    public let byteCount: Int
    public let manifest: Manifest
}
