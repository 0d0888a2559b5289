/// How blocks of a squashfs are compressed.
public struct Compression: Sendable, Hashable {
    public enum Algorithm: String, Sendable, CaseIterable {
        case zstd
        case gzip
        case xz
        case lz4
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

    /// `ALGORITHM[:LEVEL]`, as on the command line.
    public init(parsing text: String) throws(BlobError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let algorithm = Algorithm(rawValue: String(parts[0])) else {
            throw .unknownCompression(text)
        }
        if parts.count == 1 {
            try self.init(algorithm)
        } else if let level = Int(parts[1]) {
            try self.init(algorithm, level: level)
        } else {
            throw .unknownCompression(text)
        }
    }

    private init(trusted algorithm: Algorithm, level: Int) {
        self.algorithm = algorithm
        self.level = level
    }

    /// zstd at level 3: within 4 % of the size of level 9 at a quarter of its time.
    public static let standard = Compression(trusted: .zstd, level: 3)
}

extension Compression.Algorithm {
    /// Those of libsquashfs; it knows lz4 as fast (1) and as strong (12) only.
    public var levels: [Int] {
        switch self {
        case .zstd: Array(1...22)
        case .gzip: Array(1...9)
        case .xz: Array(0...9)
        case .lz4: [1, 12]
        case .none: [0]
        }
    }

    public var defaultLevel: Int {
        switch self {
        case .zstd: 3
        case .gzip: 9
        case .xz: 6
        case .lz4: 1
        case .none: 0
        }
    }

    var levelsText: String {
        switch self {
        case .lz4: "1 or 12"
        case .none: "no level"
        default: "\(levels.first!) to \(levels.last!)"
        }
    }
}
