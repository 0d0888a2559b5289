/// What a compression is made with: the names and levels of one family of algorithms.
public protocol CompressionAlgorithm: RawRepresentable<String>, Hashable, Sendable {
    /// Every level there is, lowest first.
    var levels: [Int] { get }
    /// The level where none is named.
    var defaultLevel: Int { get }
    /// What users may ask for by name.
    var isOffered: Bool { get }
}

/// An algorithm and how hard it tries: `zstd:3`.
public struct LeveledCompression<Algorithm: CompressionAlgorithm>: Sendable, Hashable {
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
        let algorithm = Algorithm(rawValue: String(parts[0]))
        let level = parts.count == 1 ? nil : Int(parts[1])
        guard let algorithm, algorithm.isOffered, parts.count == 1 || level != nil else {
            throw .unknownCompression(text)
        }
        try self.init(algorithm, level: level)
    }

    /// For levels that are written in this module.
    init(trusted algorithm: Algorithm, level: Int) {
        self.algorithm = algorithm
        self.level = level
    }
}

extension CompressionAlgorithm {
    public var isOffered: Bool { true }

    /// For messages: `1 to 22`, `1 or 12`.
    fileprivate var levelsText: String {
        guard levels.count > 1 else { return "no level" }
        let joint = levels.count == 2 ? "or" : "to"
        return "\(levels.first!) \(joint) \(levels.last!)"
    }
}
