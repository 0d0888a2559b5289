internal import Crypto
internal import Dispatch
internal import Glibc
internal import Synchronization
internal import SystemPackage

extension Verity {
    /// A file that ends with its hash tree.
    struct Sealed {
        let verity: Verity
        let byteCount: UInt64
        let sha256: [UInt8]
    }

    /// Pads the file with zeros to a multiple of 4096 bytes, puts the hash tree behind it, and
    /// takes the digest of the whole.
    static func append(
        to file: FileDescriptor, workerCount: Int
    ) throws(BlobError) -> Sealed {
        let byteCount = try length(of: file)
        let blockCount = (byteCount + UInt64(blockSize) - 1) / UInt64(blockSize)
        let padded = blockCount * UInt64(blockSize)
        guard ftruncate(file.rawValue, off_t(padded)) == 0 else {
            throw .output(.resize, Errno(rawValue: errno))
        }
        let hashed = try BlobHashing(file, blockCount: Int(blockCount)).run(workerCount)
        let tree = HashTree(leaves: hashed.blockHashes)
        try write(tree.bytes, to: file, at: padded)
        var whole = hashed.whole
        whole.update(data: tree.bytes)
        return Sealed(
            verity: Verity(
                rootHash: tree.rootHash, salt: HashTree.salt, dataBlockCount: blockCount,
                hashStartBlock: blockCount),
            byteCount: padded + UInt64(tree.bytes.count), sha256: Array(whole.finalize()))
    }

    private static func length(of file: FileDescriptor) throws(BlobError) -> UInt64 {
        let end = lseek(file.rawValue, 0, SEEK_END)
        guard end >= 0 else { throw .output(.read, Errno(rawValue: errno)) }
        return UInt64(end)
    }

    private static func write(
        _ bytes: [UInt8], to file: FileDescriptor, at offset: UInt64
    ) throws(BlobError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(
                    file.rawValue, $0.baseAddress! + done, $0.count - done,
                    off_t(offset) + off_t(done))
            }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw .output(.write, Errno(rawValue: errno))
            }
        }
    }
}

/// Two digests of one file at once: of all its bytes, in order, and of each block.
private struct BlobHashing {
    private static let blocksAtOnce = 256

    let file: FileDescriptor
    let blockCount: Int

    init(_ file: FileDescriptor, blockCount: Int) {
        self.file = file
        self.blockCount = blockCount
    }

    /// Task 0 walks the whole file for its digest, which nobody can share; the others take turns
    /// at stretches of blocks.
    func run(_ workerCount: Int) throws(BlobError) -> (blockHashes: [UInt8], whole: SHA256) {
        let whole = Mutex(SHA256())
        let failure = Mutex<BlobError?>(nil)
        let next = Atomic(0)
        let stretches = (blockCount + Self.blocksAtOnce - 1) / Self.blocksAtOnce
        let hashes = Hashes(blockCount: blockCount)
        DispatchQueue.concurrentPerform(iterations: max(2, workerCount + 1)) { task in
            do throws(BlobError) {
                if task == 0 {
                    let digest = try digestOfAll(stretches)
                    whole.withLock { $0 = digest }
                    return
                }
                let buffer = Self.buffer()
                defer { buffer.deallocate() }
                while true {
                    let stretch = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    if stretch >= stretches { return }
                    let blocks = try read(stretch, into: buffer)
                    hashes.fill(from: blocks, firstBlock: stretch * Self.blocksAtOnce)
                }
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return (hashes.bytes, whole.withLock { $0 })
    }

    private func digestOfAll(_ stretches: Int) throws(BlobError) -> SHA256 {
        let buffer = Self.buffer()
        defer { buffer.deallocate() }
        var digest = SHA256()
        for stretch in 0..<stretches {
            digest.update(bufferPointer: UnsafeRawBufferPointer(try read(stretch, into: buffer)))
        }
        return digest
    }

    private static func buffer() -> UnsafeMutableRawBufferPointer {
        .allocate(byteCount: blocksAtOnce * Verity.blockSize, alignment: 4096)
    }

    private func read(
        _ stretch: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(BlobError) -> UnsafeRawBufferPointer {
        let first = stretch * Self.blocksAtOnce
        let count = min(Self.blocksAtOnce, blockCount - first) * Verity.blockSize
        var done = 0
        while done < count {
            let read = pread(
                file.rawValue, buffer.baseAddress! + done, count - done,
                off_t(first * Verity.blockSize + done))
            if read > 0 {
                done += read
            } else if read == 0 || errno != EINTR {
                throw .output(.read, read == 0 ? .ioError : Errno(rawValue: errno))
            }
        }
        return UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }
}

/// Room for the hashes of all blocks, filled from several threads, each at places of its own.
private final class Hashes: @unchecked Sendable {
    private let storage: UnsafeMutableRawBufferPointer

    init(blockCount: Int) {
        storage = .allocate(
            byteCount: blockCount * SHA256.byteCount, alignment: SHA256.byteCount)
    }

    deinit {
        storage.deallocate()
    }

    var bytes: [UInt8] { Array(storage) }

    func fill(from blocks: UnsafeRawBufferPointer, firstBlock: Int) {
        for index in 0..<(blocks.count / Verity.blockSize) {
            let start = index * Verity.blockSize
            let digest = HashTree.hash(
                UnsafeRawBufferPointer(rebasing: blocks[start..<(start + Verity.blockSize)]))
            let place = (firstBlock + index) * SHA256.byteCount
            digest.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(
                    rebasing: storage[place..<(place + SHA256.byteCount)]
                ).copyMemory(from: $0)
            }
        }
    }
}
