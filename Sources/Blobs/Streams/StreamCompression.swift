/// How a blob is compressed that is read from its first byte to its last: a tar, a newc archive.
public typealias StreamCompression = LeveledCompression<StreamAlgorithm>

public enum StreamAlgorithm: String, CompressionAlgorithm, CaseIterable {
    case zstd
    case gzip
    case xz
    /// The frame format, which `lz4` writes.
    case lz4
    /// Blocks of 8 MiB one behind the other, which `lz4 -l` writes and the kernel unpacks as an
    /// initramfs.
    case lz4Legacy = "lz4-legacy"
    case none

    /// Those of the programs of the same name (`zstd --ultra` above 19).
    public var levels: [Int] {
        switch self {
        case .zstd: Array(1...22)
        case .gzip: Array(1...9)
        case .xz: Array(0...9)
        case .lz4, .lz4Legacy: Array(1...12)
        case .none: [0]
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

    /// Which of lz4's formats is meant depends on who reads it.
    public var isOffered: Bool { self != .lz4Legacy }
}

extension StreamCompression {
    /// lz4 at level 1: nothing else is packed and unpacked as fast.
    public static let fastest = StreamCompression(trusted: .lz4, level: 1)

    /// What a reader has to keep of the contents while it unpacks them, in bytes, at most.
    public var windowByteCount: Int {
        switch algorithm {
        case .zstd: 1 << Int(ZstdEncoder.windowLog(level: level))
        case .xz: XZEncoder.dictionaryByteCount(level: level)
        case .gzip, .lz4, .lz4Legacy, .none: 1 << 16
        }
    }
}
