/// What the user asked for, as typed: validated in form, nothing opened yet.
///
/// `bake.json` is this value serialized, but for what is about one bake alone (`isDryRun` and all
/// below it); the command's flags say the same things.
public struct BakeRequest: Sendable, Equatable {
    /// One `-R`: a tree, later ones over earlier ones.
    public struct Tree: Sendable, Equatable {
        /// What the tree is: a path, or `oci:DIR`, `oci-archive:FILE`, `docker-archive:FILE`, as the
        /// user wrote it.
        public let source: String
        /// The directory of the image that becomes the tree's root; nil is the image's own.
        public let target: String?
        /// Leading components dropped from every path of the tree.
        public let stripCount: Int

        public init(source: String, target: String? = nil, stripCount: Int = 0) {
            self.source = source
            self.target = target
            self.stripCount = stripCount
        }
    }

    /// `--package` and what goes with it: a layer of Debian packages.
    public struct Packages: Sendable, Equatable {
        /// As apt takes them: `NAME`, `NAME=VERSION`, `NAME/SUITE`; empty for no such layer.
        public var names: [String] = []
        public var suite: String?
        public var mirror: String?
        public var variant: String?
        /// Ask the mirror which versions there are, even when an earlier bake has asked.
        public var isRefreshed = false

        public init() {}
    }

    /// `--install` and what goes with it: programs of this machine, or of another root, with all
    /// they need.
    public struct HostPrograms: Sendable, Equatable {
        /// Paths below the sysroot, or names to be found on its PATH; empty for no such layer.
        public var paths: [String] = []
        public var sysroot: String?

        public init() {}
    }

    /// The lowest layer.
    public enum DefaultEtc: Sendable, Equatable {
        case shipped
        case directory(String)
        case none
    }

    /// What is written: an image, or the merged tree alone.
    public enum OutputFormat: String, Sendable, Equatable, CaseIterable {
        case image
        /// A newc archive, as the kernel unpacks it.
        case initrd
        case squashfs
        case tar
    }

    /// How the merged tree is stored in an image.
    public enum BlobKind: String, Sendable, Equatable, CaseIterable {
        case squashfs
        case tar
    }

    /// What is taken from an image that was baked before: makes no difference to the bytes.
    public struct Reuse: Sendable, Equatable {
        /// When a file is taken for unchanged: its content has the hash it had, or its length, times,
        /// inode and device are what they were.
        public enum Trust: String, Sendable, Equatable, CaseIterable {
            case hash
            case stat
        }

        public var isWanted = true
        /// Path of an image; nil for the output that is about to be replaced.
        public var base: String?
        public var trust = Trust.hash

        public init() {}
    }

    /// One `-e NAME=VALUE`.
    public struct EnvironmentVariable: Sendable, Equatable {
        public let name: [UInt8]
        public let value: [UInt8]

        public init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    public var trees: [Tree] = []
    public var defaultEtc = DefaultEtc.shipped
    public var packages = Packages()
    public var hostPrograms = HostPrograms()
    /// Inodes as lines of the tree's text form: `c 0600 0:0 0 /dev/console 5:1`.
    public var nodes: [String] = []
    /// Shell commands, each run on what all layers and the edits before it made.
    public var edits: [String] = []
    /// Who owns what: `mapped`, `keep`, `root` or `UID:GID`.
    public var ownerRule = "mapped"
    /// `PathPattern`s of what is left out of the trees.
    public var excludes: [String] = []
    /// `ModeRule`s: `MODE:PATTERN`.
    public var modeRules: [String] = []
    /// What becomes of a directory and something else at one path: `refuse` or `replace`.
    public var conflictRule = "refuse"
    /// A tree, a program or a library that is not there is a warning.
    public var allowsMissing = false
    /// A file that changes while it is read is a warning.
    public var allowsChanging = false
    /// POSIX access control lists, which no image can hold, are left out.
    public var dropsAccessControlLists = false
    /// Extended attributes are left out where the output has no place for them: in an initrd.
    public var dropsXattrs = false
    /// What is mounted inside a tree is not part of it.
    public var staysOnFileSystem = false
    /// Symbolic links that lead nowhere, or out of the tree, are warnings.
    public var isStrict = false
    /// Whether Env, Entrypoint, Cmd, WorkingDir and User of a container image are defaults of the
    /// baked configuration.
    public var takesImageConfiguration = true
    /// Path of a rumpconfig.json.
    public var configurationFile: String?
    /// Sorted by name, no name twice.
    public private(set) var environment: [EnvironmentVariable] = []
    public var hostname: String?
    /// `NetworkSpecification`s: the entries of `net`, in place of the configuration file's.
    public var networks: [String] = []
    /// The program and its arguments, from behind `--`; empty when there were none.
    public var program: [[UInt8]] = []
    /// A path, or a name from `bake kernel list`.
    public var kernel: String?
    /// File systems whose drivers the image brings, and modules it loads at every start, besides
    /// what the configuration needs.
    public var modules: [String] = []
    /// Baked kernel command line; the loader's own is appended to it.
    public var kernelCommandLine: String?
    public var format = OutputFormat.image
    public var blobKind = BlobKind.squashfs
    /// `NAME[:LEVEL]`; nil is the default of the format, and of an image's blob.
    public var compression: String?
    /// Bytes of a squashfs block.
    public var blockSize = 256 * 1024
    /// Path of the image, or of what is written instead; empty while nobody has named one.
    public var output: String
    /// Stop before anything is written and report what would be.
    public var isDryRun = false
    public var reuse = Reuse()
    /// Give the merged tree's text form with the report.
    public var isListed = false
    /// Give the SHA-256 of a tree written alone with the report, also where that takes reading the
    /// file once more.
    public var isDigested = false
    /// Take directory entries in the opposite of the kernel's order, which makes no difference:
    /// `--check-reproducible` shows that.
    public var reversesNames = false
    /// Files and directories of this machine that are part of no tree, wherever they lie.
    public var leftOut: [String] = []
    /// Threads that compress, which makes no difference to the bytes; nil for one a processor.
    public var workerCount: Int?
    /// Seconds since 1970 that no time in the image exceeds (SOURCE_DATE_EPOCH).
    public var sourceDateEpoch: Int64?

    /// The time of everything bake adds itself, seconds since 1970.
    var ownTime: Int64 { sourceDateEpoch ?? 0 }

    public init(output: String = "") {
        self.output = output
    }

    /// Whether anything is named that could make a file of the image.
    public var hasTree: Bool {
        !(trees.isEmpty && packages.names.isEmpty && hostPrograms.paths.isEmpty && nodes.isEmpty)
    }

    /// Adds variables; one that is there already takes the new value.
    public mutating func add(_ variables: [EnvironmentVariable]) {
        for variable in variables {
            environment.removeAll { $0.name == variable.name }
            environment.append(variable)
        }
        environment.sort { $0.name.lexicographicallyPrecedes($1.name) }
    }
}
