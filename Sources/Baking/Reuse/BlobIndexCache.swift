internal import Blobs
internal import Glibc
internal import SystemPackage

/// What blobs of earlier bakes were made of, under bake's cache: one file for each, named after the
/// root hash of the blob's hash tree. Safe to delete at any time; then the next bake compresses
/// everything once more.
///
/// Readable by its owner alone: an index has the seed that keeps others from preparing contents with
/// equal hashes. Files appear complete or not at all. They are not synced: one that a crash left
/// damaged is told by its own checksum.
struct BlobIndexCache {
    let directory: FilePath
    /// What all of them may take together, in bytes; the one used longest ago goes first.
    var limitByteCount = 256 << 20

    /// Nil where there is none that can be used.
    func index(ofRootHash rootHash: [UInt8]) -> BlobIndex? {
        let path = file(rootHash)
        let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
        // An index that cannot be read is none, and made again.
        guard descriptor >= 0,
            let index = BlobIndex(FileDescriptor(rawValue: descriptor), rootHash: rootHash)
        else { return nil }
        utimensat(AT_FDCWD, path.string, nil, 0)
        return index
    }

    /// A cache that cannot be written costs time, not the image.
    func keep(_ index: BlobIndexDraft, rootHash: [UInt8]) {
        guard (try? makeDirectory(directory)) != nil else { return }  // as said above
        let path = file(rootHash)
        // mkstemp(3): nobody else may read it, whatever the umask.
        var name = Array("\(path.string).XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { return }
        let isWritten = write(index, to: descriptor)
        close(descriptor)
        if !isWritten || rename(name, path.string) != 0 { unlink(name) }
        dropOldest()
    }

    private func file(_ rootHash: [UInt8]) -> FilePath {
        let hex = rootHash.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return directory.appending(hex.joined())
    }

    private func write(_ index: BlobIndexDraft, to descriptor: Int32) -> Bool {
        do throws(BlobError) {
            try index.write(
                to: FileDescriptor(rawValue: descriptor), limitByteCount: limitByteCount)
            return true
        } catch {
            return false
        }
    }

    /// What another bake leaves half-written when it is killed is dropped like everything else.
    private func dropOldest() {
        var known = CachedFile.all(in: directory)
        var byteCount = known.reduce(0) { $0 + $1.byteCount }
        known.sort { $0.lastUse > $1.lastUse }
        while byteCount > limitByteCount, let oldest = known.popLast() {
            oldest.remove()
            byteCount -= oldest.byteCount
        }
    }
}
