internal import Crypto

/// The file a stream goes to, from its first byte to its last, and the digest of what is in it.
struct StreamOutput: Sendable {
    private let output: BlobOutput
    private(set) var byteCount: UInt64 = 0
    private var digest = SHA256()

    init(_ output: BlobOutput) {
        self.output = output
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(BlobError) {
        try output.write(bytes, at: byteCount)
        byteCount += UInt64(bytes.count)
        digest.update(bufferPointer: bytes)
    }

    mutating func append(_ bytes: [UInt8]) throws(BlobError) {
        try bytes.withUnsafeBufferPointer { buffer throws(BlobError) in
            try append(UnsafeRawBufferPointer(buffer))
        }
    }

    var sha256: [UInt8] { Array(digest.finalize()) }
}
