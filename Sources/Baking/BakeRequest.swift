/// What the user asked for, as typed: validated in form, nothing opened yet.
///
/// `bake.json` is this value serialized; the command's flags say the same things.
public struct BakeRequest: Sendable {
    /// One `-R`: a tree, later ones over earlier ones.
    public struct Tree: Sendable {
        /// The path as the user wrote it.
        public let path: String

        public init(path: String) {
            self.path = path
        }
    }

    /// The lowest layer.
    public enum DefaultEtc: Sendable {
        case shipped
        case directory(String)
        case none
    }

    /// How the merged tree is stored.
    public enum BlobKind: String, Sendable, CaseIterable {
        case squashfs
        case tar
    }

    /// One `-e NAME=VALUE`.
    public struct EnvironmentVariable: Sendable {
        public let name: [UInt8]
        public let value: [UInt8]

        public init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    public var trees: [Tree] = []
    public var defaultEtc = DefaultEtc.shipped
    /// Who owns what: `mapped`, `keep`, `root` or `UID:GID`.
    public var ownerRule = "mapped"
    /// Path of a rumpconfig.json.
    public var configurationFile: String?
    public var environment: [EnvironmentVariable] = []
    public var hostname: String?
    /// The program and its arguments, from behind `--`; empty when there were none.
    public var program: [[UInt8]] = []
    /// A path, or a name from `bake kernel list`.
    public var kernel: String?
    /// Baked kernel command line; the loader's own is appended to it.
    public var kernelCommandLine: String?
    public var blobKind = BlobKind.squashfs
    /// `NAME[:LEVEL]`; nil is the blob kind's default.
    public var compression: String?
    /// Bytes of a squashfs block.
    public var blockSize = 256 * 1024
    public var output: String
    /// Stop before anything is written and report what would be.
    public var isDryRun = false
    /// Seconds since 1970 that no time in the image exceeds (SOURCE_DATE_EPOCH).
    public var sourceDateEpoch: Int64?

    /// The time of everything bake adds itself, seconds since 1970.
    var ownTime: Int64 { sourceDateEpoch ?? 0 }

    public init(output: String) {
        self.output = output
    }
}
