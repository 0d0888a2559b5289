internal import CSquashFS
internal import Glibc

extension Compressor {
    /// Tells ways to compress apart that make different blocks of one content: algorithm, level,
    /// block size, the versions of the libraries, and what they make of a sample. The last covers
    /// libsquashfs, which does not say its version.
    static func identity(
        _ compression: Compression, blockSize: Int
    ) throws(BlobError) -> ContentHash {
        let compressor = try Compressor(compression, blockSize: blockSize)
        let sample = self.sample
        var space = [UInt8](repeating: 0, count: sample.count)
        var byteCount = 0
        do {
            byteCount =
                try sample.withUnsafeBytes { sample in
                    try space.withUnsafeMutableBytes { try compressor.compress(sample, into: $0) }
                } ?? 0
        } catch let error as BlobError {
            throw error
        } catch {
            preconditionFailure("compressors throw nothing else")
        }
        let name = "\(compression.algorithm.rawValue):\(compression.level) \(blockSize) "
        let text = Array((name + libraryVersions).utf8) + space.prefix(byteCount)
        return text.withUnsafeBytes { ContentHash(of: $0, seed: 0) }
    }

    /// What the process has loaded, which need not be what it was built with.
    private static var libraryVersions: String {
        ["ZSTD_versionNumber", "lzma_version_number", "LZ4_versionNumber"].map { name in
            guard let symbol = dlsym(nil, name) else { return "-" }
            return String(unsafeBitCast(symbol, to: (@convention(c) () -> UInt32).self)())
        }.joined(separator: " ") + " " + zlibVersion
    }

    private static var zlibVersion: String {
        guard let symbol = dlsym(nil, "zlibVersion") else { return "-" }
        let version = unsafeBitCast(
            symbol, to: (@convention(c) () -> UnsafePointer<CChar>).self)
        return String(cString: version())
    }

    /// 4096 bytes that can be compressed, but not by much.
    private static var sample: [UInt8] {
        var state: UInt32 = 1
        return (0..<4096).map { index in
            state = state &* 1_664_525 &+ 1_013_904_223
            return index % 3 == 0 ? UInt8(truncatingIfNeeded: state >> 29) : UInt8(index / 97)
        }
    }
}
