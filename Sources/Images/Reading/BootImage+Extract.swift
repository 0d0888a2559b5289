public import SystemPackage

/// What can be taken out of an image: its parts, and some things that are less or more than one.
public enum Extract: Hashable, Sendable {
    case part(PartName)
    /// The squashfs or tar alone, without padding and hash tree.
    case blobData
    /// Initramfs to trailer: what UEFI hands to the kernel.
    case initrd
    /// The baked configuration.
    case configuration

    public static let all: [Extract] =
        PartName.allCases.map(Extract.part) + [.blobData, .initrd, .configuration]

    public var name: String {
        switch self {
        case .part(let name): name.rawValue
        case .blobData: "blob-data"
        case .initrd: "initrd"
        case .configuration: "rumpconfig.json"
        }
    }

    /// Nil for a name that is none of `all`.
    public init?(name: String) {
        guard let match = Self.all.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}

extension BootImage {
    /// Where in the file that is which `extract` writes.
    public func range(of extract: Extract) throws(ImageError) -> Range<Int> {
        switch extract {
        case .part(let name): return self[name].range
        case .blobData: return self[.blob].range.prefixRange(manifest.blob.dataByteCount)
        case .initrd:
            return self[.initramfs].range.lowerBound..<self[.blobTrailer].range.upperBound
        case .configuration:
            guard let range = try member(Self.configurationMember) else {
                throw .absent(extract.name)
            }
            return range
        }
    }

    /// Some bytes as they stand in the file.
    public func bytes(in range: Range<Int>) throws(ImageError) -> [UInt8] {
        let part = parts.last { $0.range.lowerBound <= range.lowerBound }
        return try file.bytes(in: range, of: part?.name ?? .setup)
    }

    /// Writes the bytes as they stand in the image to a new file, which appears complete or not
    /// at all.
    public func extract(_ extract: Extract, to path: FilePath) throws(ImageError) {
        let output = try OutputFile(replacing: path)
        try self.extract(extract, to: output.descriptor, called: path)
        try output.finish()
    }

    /// Writes the bytes to something that is open, a pipe say. `path` is its name in errors.
    public func extract(
        _ extract: Extract, to descriptor: FileDescriptor, called path: FilePath
    ) throws(ImageError) {
        try file.forEachChunk(in: try range(of: extract), of: .blob) { chunk throws(ImageError) in
            do {
                _ = try descriptor.writeAll(chunk)
            } catch {
                throw .file(action: .write, path: path, errno: errno(of: error))
            }
        }
    }
}
