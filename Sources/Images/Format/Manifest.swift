public import BakeContract

/// What an image says about itself: versions, what it needs, and the SHA-256 of its parts.
/// Tells nothing about the machine, the user, the paths or the day it was made.
///
/// Layout: docs/image-format.md, *Manifest*.
public struct Manifest: Equatable, Sendable {
    /// 2: a squashfs is named by its root hash, and has no other digest.
    public static let formatVersion = 2

    /// The version of bake that wrote the file.
    public var bakeVersion: String
    /// `x86_64`.
    public var architecture: String
    public var kernelVersion: String
    /// Of the package that systemd's EFI stub came from.
    public var efiStubVersion: String
    public var blob: BlobDescription
    public var memory: MemoryNeeds
    /// What distribution packages the tree was made from; sorted, empty when from none.
    public var packages: [Package]
    /// Every part but manifest and room, in file order.
    public var parts: [DigestedPart]

    public init(
        bakeVersion: String, architecture: String, kernelVersion: String,
        efiStubVersion: String, blob: BlobDescription, memory: MemoryNeeds,
        packages: [Package] = [], parts: [DigestedPart]
    ) {
        self.bakeVersion = bakeVersion
        self.architecture = architecture
        self.kernelVersion = kernelVersion
        self.efiStubVersion = efiStubVersion
        self.blob = blob
        self.memory = memory
        self.packages = packages.sorted()
        self.parts = parts
    }

    /// A package of a distribution, as its package manager names it.
    public struct Package: Hashable, Sendable, Comparable {
        public var name: String
        public var version: String
        public var architecture: String

        public init(name: String, version: String, architecture: String) {
            self.name = name
            self.version = version
            self.architecture = architecture
        }

        /// By bytes: the order must not depend on Unicode's tables.
        public static func < (left: Package, right: Package) -> Bool {
            left.key.lexicographicallyPrecedes(right.key)
        }

        private var key: Bytes {
            Bytes("\(name)\0\(version)\0\(architecture)".utf8)
        }
    }

    /// A part and the SHA-256 of its bytes; of `setup` with checksum and certificate table entry
    /// as zeros. Nil for a squashfs, which its hash tree covers.
    public struct DigestedPart: Hashable, Sendable {
        public var part: ImagePart
        public var digest: ContentDigest?

        public init(part: ImagePart, digest: ContentDigest?) {
            self.part = part
            self.digest = digest
        }
    }

    /// Bytes of RAM the image needs to start.
    public struct MemoryNeeds: Hashable, Sendable {
        /// Linux boot protocol, blob left where the loader put it.
        public var inPlaceByteCount: Int
        /// Linux boot protocol, blob unpacked with the initramfs.
        public var ramdiskByteCount: Int
        public var uefiByteCount: Int

        public init(inPlaceByteCount: Int, ramdiskByteCount: Int, uefiByteCount: Int) {
            self.inPlaceByteCount = inPlaceByteCount
            self.ramdiskByteCount = ramdiskByteCount
            self.uefiByteCount = uefiByteCount
        }
    }
}

/// What the blob is and how the guest checks it.
public struct BlobDescription: Hashable, Sendable {
    public enum Kind: String, Sendable {
        case squashfs, tar
    }

    public var kind: Kind
    public var compression: String
    /// Bytes of the whole part: data, padding, hash tree.
    public var byteCount: Int
    /// Bytes of the squashfs or tar as a tool for it wants them, without hash tree.
    public var dataByteCount: Int
    /// Of the whole part. For a tar, and only there.
    public var digest: ContentDigest?
    /// The dm-verity hash tree behind a squashfs; nil for a tar.
    public var verity: VerityDescription?

    public init(
        kind: Kind, compression: String, byteCount: Int, dataByteCount: Int,
        digest: ContentDigest?, verity: VerityDescription?
    ) {
        self.kind = kind
        self.compression = compression
        self.byteCount = byteCount
        self.dataByteCount = dataByteCount
        self.digest = digest
        self.verity = verity
    }
}

/// A dm-verity hash tree: version 1, SHA-256, blocks of 4096 bytes.
public struct VerityDescription: Hashable, Sendable {
    public var rootHash: ContentDigest
    public var salt: Bytes
    public var dataBlockCount: Int
    /// The block of the blob where the hash tree starts.
    public var hashStartBlock: Int

    public init(
        rootHash: ContentDigest, salt: Bytes, dataBlockCount: Int, hashStartBlock: Int
    ) {
        self.rootHash = rootHash
        self.salt = salt
        self.dataBlockCount = dataBlockCount
        self.hashStartBlock = hashStartBlock
    }
}
