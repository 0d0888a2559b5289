/// A configuration as the guest carries it out: every key of rumpconfig.json with its default,
/// checked. Keys, shapes and rules: docs/configuration.md.
public struct Configuration: Equatable, Sendable {
    /// `rc`, `cmdline` or `init`, with `arguments` put in their place.
    public var workload: Workload = .nothing
    /// `env`, in the order of the text, no name twice.
    public var environment: [EnvironmentVariable] = []
    public var hostname: Bytes?
    /// `net`. Empty: the loopback alone.
    public var interfaces: [NetworkInterface] = []
    /// `blk`
    public var blockDevices: [BlockDevice] = []
    /// `root`: whether programs may write to it (a layer in memory), the default.
    public var isRootWritable = true
    /// `verify`: whether the blob's bytes are checked, the default.
    public var isVerified = true
    /// `sysctl`, in the order of the text.
    public var kernelSettings: [KernelSetting] = []
    public var limits: [ResourceLimit] = []
    public var mounts: [ConfiguredMount] = []
    public var files: [ConfiguredFile] = []
    public var onExit: ExitAction = .powerOff
    /// `grace`: how long programs that were told to end have until they are killed.
    public var graceSeconds = defaultGraceSeconds
    /// `sources`: which overrides the image listens to.
    public var sources = SourceSelection()

    public static let defaultGraceSeconds = 5

    public init() {}
}

/// What the machine is there to run.
public enum Workload: Equatable, Sendable {
    case nothing
    /// `rc`, or `cmdline` as its only entry. Never empty.
    case programs([Program])
    /// `init`: takes the place of PID 1.
    case initProgram(Program)
}

/// One entry of `rc`.
public struct Program: Equatable, Sendable {
    /// How it stands to the entries behind it.
    public enum RunMode: Equatable, Sendable {
        /// Runs to its end before the next begins.
        case foreground
        /// `&`
        case background
        /// `|`: its output is the input of the next.
        case pipe
    }

    /// `restart`: whether and how often it is started again once it has ended.
    public struct Restart: Equatable, Sendable {
        public enum Policy: Equatable, Sendable {
            case never
            /// When it ended with another status than 0, by a signal, or could not be started.
            case onFailure
            case always
        }

        public var policy: Policy
        /// How many times in a row; nil without end. A run of a minute starts the count anew.
        public var limit: Int?
        /// Before the first new start; doubled each time up to `longestDelaySeconds`.
        public var delaySeconds = 1
        public var longestDelaySeconds = 60

        public init(_ policy: Policy) {
            self.policy = policy
        }

        public static var never: Restart { Restart(.never) }
        public static var onFailure: Restart { Restart(.onFailure) }
        public static var always: Restart { Restart(.always) }
    }

    /// As written: with a slash a path, without one looked up in PATH. Also `arguments[0]`.
    public var bin: Bytes
    /// argv, `bin` first.
    public var arguments: [Bytes]
    public var runMode: RunMode = .foreground
    /// Over the environment of the whole configuration.
    public var environment: [EnvironmentVariable] = []
    /// Absolute; nil for `/`.
    public var workingDirectory: Bytes?
    /// nil for root.
    public var user: ProgramUser?
    public var restart: Restart = .never
    /// Over the limits of the whole configuration.
    public var limits: [ResourceLimit] = []

    public init(bin: Bytes, arguments: [Bytes]) {
        self.bin = bin
        self.arguments = arguments
    }
}

/// `user` of an `rc` entry: `NAME`, `UID`, `NAME:GROUP` or `UID:GID`.
public struct ProgramUser: Equatable, Sendable {
    public enum Identity: Equatable, Sendable {
        case number(UInt32)
        /// Looked up in the image's /etc/passwd or /etc/group.
        case name(Bytes)
    }

    public var user: Identity
    /// nil: the user's own groups from /etc/passwd and /etc/group; for a number without an entry
    /// the group of the same number.
    public var group: Identity?

    public init(user: Identity, group: Identity?) {
        self.user = user
        self.group = group
    }
}

public struct EnvironmentVariable: Equatable, Sendable {
    public var name: Bytes
    public var value: Bytes

    public init(name: Bytes, value: Bytes) {
        self.name = name
        self.value = value
    }
}

/// One entry of `sysctl`.
public struct KernelSetting: Equatable, Sendable {
    /// Below /proc/sys, with slashes: `net/core/somaxconn`.
    public var path: Bytes
    public var value: Bytes
}

/// One entry of `limits`.
public struct ResourceLimit: Equatable, Sendable {
    /// As in setrlimit(2), lower case without RLIMIT_: `nofile`.
    public var name: Bytes
    /// Its number on x86-64 Linux.
    public var resource: Int32
    /// `UInt64.max` is RLIM_INFINITY.
    public var soft: UInt64
    public var hard: UInt64
}

/// One entry of `mounts`.
public struct ConfiguredMount: Equatable, Sendable {
    public var source: Bytes
    public var mountPoint: Bytes
    public var fileSystem: Bytes
    /// As mount(8) takes them, comma-separated.
    public var options: Bytes
}

/// One entry of `files`.
public struct ConfiguredFile: Equatable, Sendable {
    public var path: Bytes
    public var contents: Bytes
    public var mode: UInt32
    public var user: UInt32
    public var group: UInt32
}

/// `on_exit`: what happens when the programs are done.
public enum ExitAction: Equatable, Sendable {
    case powerOff
    case reboot
}
