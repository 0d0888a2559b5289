/// How a blob is compressed that is read from its first byte to its last: a tar, a newc archive.
public struct StreamCompression: Sendable, Hashable {
    public enum Algorithm: String, Sendable, CaseIterable {
        case zstd
        case gzip
        case xz
        /// The frame format, which `lz4` writes.
        case lz4
        /// Blocks of 8 MiB one behind the other, which `lz4 -l` writes and the kernel unpacks as an
        /// initramfs.
        case lz4Legacy = "lz4-legacy"
        case none
    }

    public let algorithm: Algorithm
    public let level: Int

    /// - Parameter level: nil for the algorithm's default.
    public init(_ algorithm: Algorithm, level: Int? = nil) throws(BlobError) {
        let level = level ?? algorithm.defaultLevel
        guard algorithm.levels.contains(level) else {
            throw .levelOutOfRange(
                algorithm: algorithm.rawValue, level: level, expected: algorithm.levelsText)
        }
        self.algorithm = algorithm
        self.level = level
    }

    /// `ALGORITHM[:LEVEL]`, as on the command line; `lz4` is the frame format.
    public init(parsing text: String) throws(BlobError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let algorithm = Algorithm(rawValue: String(parts[0]))
        let level = parts.count == 1 ? nil : Int(parts[1])
        guard let algorithm, algorithm != .lz4Legacy, parts.count == 1 || level != nil else {
            throw .unknownCompression(text)
        }
        try self.init(algorithm, level: level)
    }

    private init(trusted algorithm: Algorithm, level: Int) {
        self.algorithm = algorithm
        self.level = level
    }

    /// lz4 at level 1: nothing else is packed and unpacked as fast.
    public static let fastest = StreamCompression(trusted: .lz4, level: 1)
}

extension StreamCompression {
    /// What a reader has to keep of the contents while it unpacks them, in bytes, at most.
    public var windowByteCount: Int {
        switch algorithm {
        case .zstd: 1 << Int(ZstdEncoder.windowLog(level: level))
        case .xz: XZEncoder.dictionaryByteCount(level: level)
        case .gzip, .lz4, .lz4Legacy, .none: 1 << 16
        }
    }
}

extension StreamCompression.Algorithm {
    /// Those of the programs of the same name (`zstd --ultra` above 19).
    public var levels: ClosedRange<Int> {
        switch self {
        case .zstd: 1...22
        case .gzip: 1...9
        case .xz: 0...9
        case .lz4, .lz4Legacy: 1...12
        case .none: 0...0
        }
    }

    /// What the programs of the same name take.
    public var defaultLevel: Int {
        switch self {
        case .zstd: 3
        case .gzip, .xz: 6
        case .lz4, .lz4Legacy: 1
        case .none: 0
        }
    }

    fileprivate var levelsText: String {
        self == .none ? "no level" : "\(levels.lowerBound) to \(levels.upperBound)"
    }
}
