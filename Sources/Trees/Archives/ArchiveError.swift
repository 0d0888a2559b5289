/// Why an archive was refused. Nothing of it is used then.
public struct ArchiveError: Error, Sendable, Equatable {
    /// As the user wrote it.
    public let archive: String
    /// The member's name as the archive has it; nil where no single member is at fault.
    public let member: Bytes?
    public let problem: ArchiveProblem

    public init(archive: String, member: Bytes? = nil, problem: ArchiveProblem) {
        self.archive = archive
        self.member = member
        self.problem = problem
    }
}

public enum ArchiveProblem: Sendable, Equatable {
    // The file.
    case notAFile
    case empty
    /// What it seems to be instead.
    case notTar(looksLike: String?)
    /// In the decompressor's own words.
    case decompression(filter: String, text: String)
    case dataBehindCompression(filter: String)
    // Its framing.
    case truncated
    case endMissing
    case dataBehindEnd
    case damagedHeader
    case notANumber(field: String)
    case malformedRecords
    case recordsTooLarge(byteCount: UInt64, limit: UInt64)
    case sparseMap
    case unknownType(UInt8)
    case severalVolumes
    // Its members.
    case nul(field: String)
    case emptyName
    case namesParent
    case nameTooLong(byteCount: Int, limit: Int)
    case rootNotDirectory
    case linkTargetLength(byteCount: Int, limit: Int)
    case hardLinkOutside(target: Bytes)
    case hardLinkTargetMissing(target: Bytes)
    case hardLinkToDirectory(target: Bytes)
    case numberTooLarge(field: String, limit: UInt64)
    /// `above` stands where a directory would have to.
    case belowNonDirectory(above: TreePath, kind: String)
}

extension ArchiveError: CustomStringConvertible {
    public var description: String {
        let place = member.map { ", at its member '\(String(printable: $0))'" } ?? ""
        return "cannot read the archive '\(archive)'\(place): \(problem)"
    }
}

extension ArchiveProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notAFile: "it is not a file"
        case .empty: "it is empty"
        case .notTar(let other):
            """
            it is \(other.map { "\($0), not a tar archive" } ?? "not a tar archive")
              hint: tar archives are read, plain or with gzip, zstd, xz, lz4 or bzip2; unpack \
            others into a directory
            """
        case .decompression(let filter, let text): "its \(filter) data is damaged: \(text)"
        case .dataBehindCompression(let filter):
            "something other than zeros follows its \(filter) data"
        case .truncated: "it ends in the middle"
        case .endMissing:
            """
            it has no end mark, so members may be missing
              hint: make it again; two blocks of zeros end a tar archive
            """
        case .dataBehindEnd:
            """
            something other than zeros follows its end mark
              hint: for archives joined by 'cat', give each with an -R of its own
            """
        case .damagedHeader: "a header's checksum is wrong: the archive is damaged"
        case .notANumber(let field): "its \(field) is not a number"
        case .malformedRecords: "its pax records are malformed"
        case .recordsTooLarge(let count, let limit):
            "its extended header has \(count) bytes; the limit is \(limit)"
        case .sparseMap: "its map of holes does not fit its contents"
        case .unknownType(let type): "its type is unknown ('\(String(printable: [type]))')"
        case .severalVolumes: "the archive continues on another volume"
        case .nul(let field): "its \(field) holds a NUL"
        case .emptyName: "it has no name"
        case .namesParent: "its name has a '..', which could lead out of the tree"
        case .nameTooLong(let count, let limit):
            "a name in it has \(count) bytes; Linux allows \(limit)"
        case .rootNotDirectory: "the root of the tree must be a directory"
        case .linkTargetLength(let count, let limit):
            count == 0
                ? "its link target is empty"
                : "its link target has \(count) bytes; Linux allows \(limit)"
        case .hardLinkOutside(let target):
            "it is a hard link out of the tree, to '\(String(printable: target))'"
        case .hardLinkTargetMissing(let target):
            """
            it is a hard link to '\(String(printable: target))', which the archive does not have \
            before it
            """
        case .hardLinkToDirectory(let target):
            "it is a hard link to '\(String(printable: target))', which is a directory"
        case .numberTooLarge(let field, let limit): "its \(field) is larger than \(limit)"
        case .belowNonDirectory(let above, let kind):
            "\(above), above it, is \(kind) in the same archive"
        }
    }
}
