internal import BakeContract
internal import Blobs
internal import Editing
internal import Images
public import Kernels
internal import Packages
internal import SystemPackage
internal import Trees

/// Why a bake failed: what it was doing, to what, why, and what to do about it.
public struct BakeError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; the command has an exit status for each.
    public enum Kind: Sendable {
        case failed
        case malformedInput
        case missingInput
        case unavailable
        case outputNotWritable
    }

    public let kind: Kind
    public let description: String
    public let hint: String?
    /// Whether it is a whole tree that is not there.
    private(set) var isAboutMissingTree = false

    public init(_ kind: Kind, _ description: String, hint: String? = nil) {
        self.kind = kind
        self.description = description
        self.hint = hint
    }
}

extension BakeError {
    init(_ error: TreeError) {
        switch error {
        case .treeMissing:
            self.init(
                .missingInput, error.description, hint: "correct the path, or --allow-missing")
            isAboutMissingTree = true
        case .failed(_, _, let errno):
            self.init(
                errno == .tooManyOpenFiles ? .failed : .missingInput, error.description,
                hint: errno.hint)
        case .treeNotDirectory:
            self.init(.missingInput, error.description)
        case .changed:
            self.init(
                .failed, error.description,
                hint: "bake again when nothing writes to the tree, or --allow-changing")
        case .typeConflict:
            self.init(
                .malformedInput, error.description,
                hint: "--exclude one of them, or let the later one win: --on-conflict replace")
        case .accessControlList, .nothingLeft, .stripCollision, .specialFileSystem, .sizeUnknown,
            .archive, .whiteout:
            self.init(.malformedInput, error.description)
        case .contentNotKept:
            self.init(.failed, error.description)
        case .scratch(_, let errno), .spoolFull(_, let errno):
            self.init(.outputNotWritable, error.description, hint: errno.hint)
        case .saving:
            self.init(.outputNotWritable, error.description)
        }
    }

    init(_ error: PackageError) {
        let kind: Kind =
            switch error.kind {
            case .failed: .failed
            case .malformedInput: .malformedInput
            case .unavailable: .unavailable
            }
        self.init(kind, error.description, hint: error.hint)
    }

    init(_ error: EditError) {
        let kind: Kind =
            switch error {
            case .tree(let error): BakeError(error).kind
            case .copy, .scratch: .outputNotWritable
            case .tool, .noShell: .unavailable
            case .accessControlList, .ended: .failed
            }
        self.init(kind, error.description, hint: error.hint)
    }

    init(_ error: BlobError, output: String) {
        switch error {
        case .tree(let error): self.init(error)
        case .output(_, let errno):
            self.init(
                .outputNotWritable, "cannot write '\(output)': \(error)", hint: errno.hint)
        case .tooLong(let limit):
            self.init(
                .malformedInput,
                "'\(output)' would be too large: its blob alone is longer than \(limit) bytes, and "
                    + "an image has to fit into the first 2 GiB of memory",
                hint:
                    "leave something out (--exclude), compress harder (--compression zstd:19), or "
                    + "put data on a disk of its own (-b)")
        case .library, .thread: self.init(.failed, error.description)
        default: self.init(.malformedInput, error.description)
        }
    }

    /// A failure with a kernel, also outside of a bake: fetching, listing.
    public init(_ error: KernelsError) {
        let kind: Kind =
            switch error {
            case .inputOutput, .noKernel, .unknownKernel, .noModules: .missingInput
            case .toolMissing, .fetchFailed: .unavailable
            default: .malformedInput
            }
        self.init(kind, error.description, hint: error.hint)
    }

    init(_ error: SquashFSReadError) {
        switch error {
        case .readFailed: self.init(.missingInput, error.description)
        case .library: self.init(.failed, error.description)
        case .tree(let error): self.init(error)
        default: self.init(.malformedInput, error.description)
        }
    }

    /// An image that is read.
    init(_ error: ImageError, image: String) {
        switch error {
        case .file: self.init(.missingInput, error.description)
        case .malformed:
            self.init(.malformedInput, "'\(image)': \(error)", hint: "bake it again")
        default: self.init(.malformedInput, error.description)
        }
    }

    init(_ error: ImageError, output: String) {
        switch error {
        case .file(_, _, let errno):
            self.init(
                .outputNotWritable, "cannot write '\(output)': \(error)", hint: errno.hint)
        case .missingTool(let name, let package):
            self.init(
                .unavailable, "'\(name)' is not installed", hint: "apt-get install \(package)")
        case .toolFailed, .compression: self.init(.failed, error.description)
        default: self.init(.malformedInput, error.description)
        }
    }

    /// A part of this installation that should be there.
    static func missingPart(_ path: FilePath, _ errno: Errno) -> BakeError {
        BakeError(
            .unavailable, "cannot read '\(path)', a part of bake: \(errno)",
            hint: errno.hint ?? "run 'make install' again; the parts travel with the command")
    }
}
