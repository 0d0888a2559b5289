internal import CXXHash

/// One LZ4 frame (lz4_Frame_format.md of liblz4, version 1.6.x): independent blocks of 1 MiB, the
/// contents' checksum, and their length where it is known.
///
///     bytes  meaning
///         4  magic
///         1  flags: version 01, independent blocks, length of the contents, their checksum
///         1  largest block
///       0/8  length of the contents
///         1  second byte of the XXH32 of the three fields above
///            blocks, each after its length
///         4  zeros
///         4  XXH32 of the contents
struct LZ4FrameFormat: BlockFormat {
    private let level: Int
    private let contentByteCount: UInt64?
    private let checksum: RunningXXH32

    let blockByteCount = 1 << 20
    let historyByteCount = 0

    init(level: Int, contentByteCount: UInt64?) throws(BlobError) {
        self.level = level
        self.contentByteCount = contentByteCount
        checksum = try RunningXXH32()
    }

    var packedByteCountLimit: Int { LZ4Compressor.packedByteCountLimit(of: blockByteCount) }

    func makeCompressor() -> any BlockCompressor {
        LZ4Compressor(level: level, storesWhatDoesNotShrink: true)
    }

    var header: [UInt8] {
        let hasLength: UInt8 = contentByteCount == nil ? 0 : 1 << 3
        let oneMebibyte: UInt8 = 6
        var descriptor: [UInt8] = [0b01_1_0_0_1_0_0 | hasLength, oneMebibyte << 4]
        if let contentByteCount { descriptor += contentByteCount.littleEndianBytes }
        let sum = UInt8(truncatingIfNeeded: XXH32(descriptor, descriptor.count, 0) >> 8)
        return [0x04, 0x22, 0x4d, 0x18] + descriptor + [sum]
    }

    func add(_ contents: UnsafeRawBufferPointer, checksum: UInt32) {
        self.checksum.update(contents)
    }

    var trailer: [UInt8] { [0, 0, 0, 0] + checksum.value.littleEndianBytes }
}

/// Of the writing thread alone.
private final class RunningXXH32: @unchecked Sendable {
    private let state: OpaquePointer

    init() throws(BlobError) {
        guard let state = XXH32_createState(), XXH32_reset(state, 0) == XXH_OK else {
            throw .streamLibrary("libxxhash", call: "XXH32_createState", error: "out of memory")
        }
        self.state = state
    }

    deinit { XXH32_freeState(state) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        XXH32_update(state, bytes.baseAddress, bytes.count)
    }

    var value: UInt32 { XXH32_digest(state) }
}

extension FixedWidthInteger {
    var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
