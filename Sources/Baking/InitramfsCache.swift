internal import BakeContract
internal import Images
internal import SystemPackage

/// Compressed initramfs archives of earlier bakes, under bake's cache.
///
/// The archive depends on bake and the kernel alone, and compressing it takes longer than everything
/// else around the blob. An entry is named after the digest of what went in and begins with the
/// digest of what came out; one that does not match is not there. Safe to delete at any time.
struct InitramfsCache {
    let directory: FilePath

    /// Of a settled format, so that another version of the compressor's settings is another entry.
    private static let suffix = ".zstd-19"

    /// The compressed form of an archive, from the cache where it is there. The bytes are the same
    /// either way.
    func compressed(_ archive: Bytes) throws(ImageError) -> Bytes {
        let entry = directory.appending(ContentDigest.of(archive).hex + Self.suffix)
        if let known = read(entry) { return known }
        let compressed = try Initramfs.compressed(archive)
        keep(compressed, as: entry)
        return compressed
    }

    private func read(_ entry: FilePath) -> Bytes? {
        // An entry that cannot be read is made again.
        guard let bytes = try? readWholeFile(entry), bytes.count > digestByteCount  // as said above
        else { return nil }
        let content = Bytes(bytes.dropFirst(digestByteCount))
        let isWhole = ContentDigest.of(content).bytes == Bytes(bytes.prefix(digestByteCount))
        return isWhole ? content : nil
    }

    private func keep(_ compressed: Bytes, as entry: FilePath) {
        do {
            try makeDirectory(directory)
            let file = try OutputFile(replacing: entry)
            try file.write(ContentDigest.of(compressed).bytes + compressed)
            try file.finish()
        } catch {
            // A cache that cannot be written costs time, not the image.
        }
    }
}

private let digestByteCount = 32
