/// Memory for one block, of a file or of a fragment, before or after it was compressed.
///
/// Who has it writes to it; handing it on ends that. The pool frees it.
struct BlockBuffer: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    func piece(at start: Int = 0, _ byteCount: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<(start + byteCount)])
    }
}

/// Every buffer there is, so that none is lost when work is given up half-way. Freed with the
/// pool: no thread may be at work any more.
struct BufferPool: ~Copyable {
    private let byteCount: Int
    private var limit: Int
    private var all: [BlockBuffer] = []
    private var spare: [BlockBuffer] = []

    /// - Parameter limit: how many `take` makes at most.
    init(byteCount: Int, limit: Int) {
        self.byteCount = byteCount
        self.limit = limit
    }

    deinit {
        for buffer in all { buffer.bytes.deallocate() }
    }

    /// Whether `take` gives one.
    var isAnyFree: Bool { !spare.isEmpty || all.count < limit }

    /// Nil when all are in use.
    mutating func take() -> BlockBuffer? {
        if let last = spare.popLast() { return last }
        return isAnyFree ? make() : nil
    }

    mutating func takeBeyondLimit() -> BlockBuffer {
        limit += 1
        return make()
    }

    private mutating func make() -> BlockBuffer {
        let buffer = BlockBuffer(bytes: .allocate(byteCount: byteCount, alignment: 4096))
        all.append(buffer)
        return buffer
    }

    mutating func give(_ buffer: BlockBuffer) { spare.append(buffer) }

    /// Frees those that are not in use, when nobody will want them any more.
    mutating func dropSpare() {
        let dropped = Set(spare.map(\.bytes.baseAddress))
        all.removeAll { dropped.contains($0.bytes.baseAddress) }
        for buffer in spare { buffer.bytes.deallocate() }
        spare = []
    }
}
