/// The blob from its first byte to its last, as the committing thread puts it together.
///
/// Workers write it and hash its blocks, a stretch at a time. Only the superblock, which stands in
/// the first block and is known last, is written twice.
final class BlobStream {
    private(set) var byteCount: UInt64 = 0
    private let exchange: Exchange
    private let output: BlobOutput
    private let isSealed: Bool
    private var stretch: Stretch?
    /// The first block, or as much of it as there is.
    private var head: [UInt8] = []

    init(_ blob: BlobContext) {
        exchange = blob.exchange
        output = blob.output
        isSealed = blob.options.isSealed
    }

    /// - Parameter baseOffset: where in the base the same bytes stand, if they do.
    func append(
        _ bytes: UnsafeRawBufferPointer, baseOffset: UInt64? = nil
    ) throws(BlobError) {
        keepHead(of: bytes)
        var rest = bytes[...]
        while !rest.isEmpty {
            var stretch = try openStretch()
            let count = min(rest.count, Stretch.byteCount - stretch.byteCount)
            let space = UnsafeMutableRawBufferPointer(
                rebasing: stretch.buffer.bytes[stretch.byteCount..<(stretch.byteCount + count)])
            space.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
            if let baseOffset {
                stretch.runs.append(
                    byteCount..<byteCount + UInt64(count),
                    baseOffset: baseOffset + UInt64(bytes.count - rest.count))
            }
            rest = rest.dropFirst(count)
            stretch.byteCount += count
            byteCount += UInt64(count)
            if stretch.byteCount == Stretch.byteCount {
                exchange.submit(stretch)
                self.stretch = nil
            } else {
                self.stretch = stretch
            }
        }
    }

    /// Puts other bytes at the start of the blob.
    /// - Precondition: within the first block, and what was appended already.
    func replaceHead(_ bytes: UnsafeRawBufferPointer) {
        head.replaceSubrange(..<bytes.count, with: bytes)
    }

    /// Pads the blob with zeros to whole blocks, and waits until all of it is in the file.
    ///
    /// - Returns: the hash of each block; nil where there will be no hash tree.
    func finish() throws(BlobError) -> [UInt8]? {
        let rest = Int(byteCount % UInt64(Verity.blockSize))
        if rest > 0 {
            let padding = [UInt8](repeating: 0, count: Verity.blockSize - rest)
            try padding.withUnsafeBufferPointer { bytes throws(BlobError) in
                try append(UnsafeRawBufferPointer(bytes))
            }
        }
        if let stretch { exchange.submit(stretch) }
        var leaves = try exchange.sealed()
        try output.write(head, at: 0)
        guard isSealed else { return nil }
        let first = head.withUnsafeBytes { HashTree.hashes(ofBlocksIn: $0) }
        leaves.replaceSubrange(..<first.count, with: first)
        return leaves
    }

    private func openStretch() throws(BlobError) -> Stretch {
        if let stretch { return stretch }
        return Stretch(buffer: try exchange.takeStretchBuffer(), offset: byteCount, byteCount: 0)
    }

    private func keepHead(of bytes: UnsafeRawBufferPointer) {
        let missing = Verity.blockSize - head.count
        if missing > 0 { head += bytes.prefix(missing) }
    }
}
