internal import CSquashFS

/// A table that is kept until the one before it is complete, as libsquashfs sees it: a file in
/// memory.
///
/// What the library keeps itself (SQFS_META_WRITER_KEEP_IN_MEMORY) it keeps in blocks of 8 KiB each,
/// however short they were compressed.
struct MetadataBuffer: ~Copyable {
    private struct State {
        /// First, so that a pointer to the state is a pointer to what the library knows.
        var base: sqfs_file_t
        /// One behind the other.
        var blocks: [[UInt8]] = []
        var byteCount: UInt64 = 0
    }

    private let state: UnsafeMutablePointer<State>

    init() {
        state = .allocate(capacity: 1)
        state.initialize(to: State(base: Self.calls))
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    var pointer: UnsafeMutablePointer<sqfs_file_t> {
        UnsafeMutableRawPointer(state).assumingMemoryBound(to: sqfs_file_t.self)
    }

    /// Appends all of it to a file.
    func write(to file: borrowing OutputFile) throws(BlobError) {
        for block in state.pointee.blocks {
            try block.withUnsafeBufferPointer { bytes throws(BlobError) in
                _ = try file.append(UnsafeRawBufferPointer(bytes), baseOffset: nil)
            }
        }
    }

    private static func state(
        _ file: UnsafePointer<sqfs_file_t>?
    ) -> UnsafeMutablePointer<State> {
        UnsafeMutableRawPointer(mutating: file!).assumingMemoryBound(to: State.self)
    }

    /// The library appends, and reads nothing.
    private static let calls = sqfs_file_t(
        base: sqfs_object_t(destroy: { _ in }, copy: { _ in nil }),
        read_at: { _, _, _, _ in Int32(SQFS_ERROR_UNSUPPORTED.rawValue) },
        write_at: { file, offset, buffer, count in
            let state = MetadataBuffer.state(file)
            guard offset == state.pointee.byteCount else {
                return Int32(SQFS_ERROR_UNSUPPORTED.rawValue)
            }
            state.pointee.blocks.append(Array(UnsafeRawBufferPointer(start: buffer, count: count)))
            state.pointee.byteCount += UInt64(count)
            return 0
        },
        get_size: { file in MetadataBuffer.state(file).pointee.byteCount },
        truncate: { _, _ in Int32(SQFS_ERROR_UNSUPPORTED.rawValue) })
}
