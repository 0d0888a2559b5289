internal import Crypto

/// A digest as images write it: `sha256:` or `sha512:` and lower-case hexadecimal digits (OCI
/// image-spec, descriptor.md, *Digests*).
struct BlobDigest: Hashable {
    enum Algorithm: String {
        case sha256
        case sha512
    }

    let algorithm: Algorithm
    let hexadecimal: String

    /// Nil for other algorithms and other text.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let algorithm = Algorithm(rawValue: String(parts[0])) else {
            return nil
        }
        let digits = Array("0123456789abcdef".utf8)
        guard parts[1].utf8.count == (algorithm == .sha256 ? 64 : 128),
            parts[1].utf8.allSatisfy({ digits.contains($0) })
        else { return nil }
        self.algorithm = algorithm
        hexadecimal = String(parts[1])
    }

    /// Where an image layout has the blob (OCI image-spec, image-layout.md).
    var path: String { "blobs/\(algorithm.rawValue)/\(hexadecimal)" }
}

extension BlobDigest: CustomStringConvertible {
    var description: String { "\(algorithm.rawValue):\(hexadecimal)" }
}

/// A digest in the making.
struct BlobHasher {
    private var sha256: SHA256?
    private var sha512: SHA512?

    init(_ algorithm: BlobDigest.Algorithm) {
        switch algorithm {
        case .sha256: sha256 = SHA256()
        case .sha512: sha512 = SHA512()
        }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        sha256?.update(bufferPointer: bytes)
        sha512?.update(bufferPointer: bytes)
    }

    func matches(_ digest: BlobDigest) -> Bool {
        let bytes = sha256.map { Array($0.finalize()) } ?? sha512.map { Array($0.finalize()) } ?? []
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return text.elementsEqual(digest.hexadecimal.utf8)
    }
}
