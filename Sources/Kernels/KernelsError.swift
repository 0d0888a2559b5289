public import SystemPackage

/// Everything that can go wrong with a kernel, its configuration, its modules, or the way to
/// get them. Cases carry the facts; `description` has the sentence, `hint` what to do about it.
public enum KernelsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A system call failed while we were doing `action` ("read", "rename", ...).
    case inputOutput(action: String, path: FilePath, errno: Errno)
    case notAKernel(path: FilePath, reason: NotAKernel)
    /// The file that should be a kernel's configuration has no option in it.
    case notAConfiguration(path: FilePath)
    /// No kernel in the cache and none on the host that can be read.
    case noKernel(cache: FilePath)
    case unknownKernel(name: String, known: [String])
    /// The kernel has parts the image needs as modules, and there is no directory of modules.
    case noModules(version: String, kernel: FilePath, needed: [String])
    /// The kernel cannot do what the image needs.
    case missingFeatures(kernel: String, [MissingFeature])
    /// A file system that somebody asks for cannot be mounted.
    case missingDriver(DriverDemands.Request, kernel: String, MissingFeature)
    case unknownModule(name: String, neededBy: String?, directory: FilePath)
    case moduleCycle([String])
    case badModule(path: FilePath, reason: String)
    case compressedModule(path: FilePath, compression: String)
    case toolMissing(name: String, package: String)
    case fetchFailed(package: String, reason: FetchFailure)
}

/// One thing the image needs and the kernel lacks.
public struct MissingFeature: Equatable, Sendable {
    /// The option as the kernel's configuration spells it: `CONFIG_SQUASHFS`.
    public let option: String
    /// The module that would have provided it, when the option says `m` but no file is there.
    public let missingModule: String?
    /// What the image would do with it: "mounts the blob".
    public let purpose: String
}

/// Why a kernel could not be fetched.
public enum FetchFailure: Equatable, Sendable {
    /// A name that no Debian package can have.
    case badName
    case unknownPackage
    case noNetwork(detail: String)
    case noSpace(FilePath)
    case littleSpace(FilePath, availableByteCount: Int, neededByteCount: Int)
    case toolFailed(tool: String, status: Int, detail: String)
    /// The packages were unpacked, but this was not among their files.
    case notInPackage(String)
}

/// Why a file is not a kernel we can boot. The tests are in the order a reader of the file
/// meets them: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
public enum NotAKernel: Error, Equatable, Sendable {
    case empty
    case tooShort(byteCount: Int)
    case otherFormat(String)
    case noBootSignature
    case noSetupHeader
    case oldProtocol(UInt16)
    case notLoadedHigh
    case truncated(byteCount: Int, neededByteCount: Int)
    case not64Bit
    case isBakedImage
}

extension KernelsError {
    public var description: String {
        switch self {
        case .inputOutput(let action, let path, let errno):
            "cannot \(action) '\(path)': \(errno)"
        case .notAKernel(let path, let reason):
            "'\(path)' is not a kernel that can be used: \(reason)"
        case .notAConfiguration(let path):
            "'\(path)' is not a kernel configuration: it sets no option"
        case .noKernel(let cache):
            "no kernel: none in '\(cache)', and none of the host's in /boot can be read"
        case .unknownKernel(let name, let known):
            known.isEmpty
                ? "no kernel is called '\(name)'; none is known"
                : "no kernel is called '\(name)'; known: \(known.joined(separator: ", "))"
        case .noModules(let version, let kernel, let needed):
            "no modules for '\(kernel)', neither beside it nor in '/lib/modules/\(version)';"
                + " needed: " + needed.joined(separator: ", ")
        case .missingFeatures(let kernel, let missing):
            "kernel \(kernel) cannot start this image: "
                + missing.map(\.description).joined(separator: "; ")
        case .missingDriver(let request, let kernel, let missing):
            "kernel \(kernel) cannot mount \(request.fileSystem), which \(request.asker) asks for: "
                + missing.description
        case .unknownModule(let name, let neededBy, let directory):
            "no module '\(name)' in '\(directory)'"
                + (neededBy.map { " (needed by '\($0)')" } ?? "")
        case .moduleCycle(let names):
            "these modules need each other in a circle: \(names.joined(separator: ", "))"
        case .badModule(let path, let reason):
            "cannot read module '\(path)': \(reason)"
        case .compressedModule(let path, let compression):
            "module '\(path)' is compressed (\(compression)), which bake does not unpack"
        case .toolMissing(let name, _):
            "cannot run '\(name)': it is not installed"
        case .fetchFailed(let package, let reason):
            "cannot fetch '\(package)': \(reason)"
        }
    }

    /// What the user can do, where we know it.
    public var hint: String? {
        switch self {
        case .noKernel: "run 'bake kernel fetch', or name one with -k"
        case .unknownKernel: "run 'bake kernel list' to see them, or 'bake kernel fetch'"
        case .noModules: "put its modules there, or take a kernel of 'bake kernel fetch'"
        case .missingFeatures: "take another kernel: 'bake kernel fetch' gets Debian's cloud kernel"
        case .missingDriver:
            "take a file system this kernel has, or another kernel: -k, 'bake kernel list'"
        case .unknownModule(_, "--modules", let directory):
            "'find \(directory) -name \"*.ko\"' lists them; file systems are called as for mount(8)"
        case .compressedModule: "take a kernel of 'bake kernel fetch', or unpack its modules"
        case .toolMissing(_, let package): "install the package '\(package)'"
        case .notAKernel(_, .otherFormat(let format)) where format.contains("gzip"):
            "a bzImage is the file Linux distributions install as /boot/vmlinuz-VERSION"
        case .notAKernel(_, .isBakedImage):
            "take its kernel out with 'bake extract', or name the kernel it was baked with"
        case .notAKernel(_, .truncated): "copy or fetch the file again"
        case .fetchFailed(_, let reason): reason.hint
        case .inputOutput(_, _, .noSpace): "make room on that file system"
        default: nil
        }
    }
}

extension MissingFeature: CustomStringConvertible {
    public var description: String {
        guard let missingModule else { return "\(option) is not set (\(purpose))" }
        return "\(option) is a module, but '\(missingModule)' is not among the modules (\(purpose))"
    }
}

extension FetchFailure {
    /// Whether sources that could not be reached explain it.
    var canComeFromSources: Bool {
        switch self {
        case .unknownPackage, .noNetwork, .toolFailed: true
        case .badName, .noSpace, .littleSpace, .notInPackage: false
        }
    }
}

extension FetchFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badName: "that is not the name of a package"
        case .unknownPackage: "none of this machine's package sources has it"
        case .noNetwork(let detail): "the package sources cannot be reached (\(detail))"
        case .noSpace(let path): "no space left under '\(path)'"
        case .littleSpace(let path, let available, let needed):
            "there are \(available >> 20) MiB free under '\(path)', \(needed >> 20) are needed"
        case .toolFailed(let tool, let status, let detail):
            "\(tool) ended with status \(status): \(detail)"
        case .notInPackage(let what): "the package holds no \(what)"
        }
    }

    var hint: String? {
        switch self {
        case .badName: nil
        case .unknownPackage: "'apt-cache search linux-image' lists the names"
        case .noNetwork: "check the network, and proxy and sources in /etc/apt"
        case .noSpace, .littleSpace: "make room, or set BAKE_CACHE to a directory elsewhere"
        case .toolFailed: nil
        case .notInPackage: "name a package with a kernel, as linux-image-cloud-amd64"
        }
    }
}

extension NotAKernel: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "it is empty"
        case .tooShort(let byteCount): "it has only \(byteCount) bytes"
        case .otherFormat(let format): "it is \(format)"
        case .noBootSignature: "the boot signature 55 aa is not at offset 0x1fe"
        case .noSetupHeader: "the setup header's mark 'HdrS' is not at offset 0x202"
        case .oldProtocol(let version):
            "it speaks boot protocol \(version >> 8).\(twoDigits(version & 0xff)), 2.12 is needed"
        case .notLoadedHigh: "it is an old zImage, not a bzImage"
        case .truncated(let byteCount, let needed):
            "it is cut short: \(byteCount) bytes, its header says \(needed)"
        case .not64Bit: "it is a 32-bit kernel (XLF_KERNEL_64 is clear)"
        case .isBakedImage: "it is an image that bake made"
        }
    }
}

private func twoDigits(_ number: UInt16) -> String {
    number < 10 ? "0\(number)" : "\(number)"
}
