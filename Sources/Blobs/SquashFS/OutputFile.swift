internal import CSquashFS

/// The blob as libsquashfs sees it, and its return codes as errors. The library only says "I/O
/// error", so the reason is kept here, where it was found.
struct OutputFile: ~Copyable {
    private struct State {
        /// First, so that a pointer to the state is a pointer to what the library knows.
        var base: sqfs_file_t
        let stream: BlobStream
        var failure: BlobError?
    }

    private let state: UnsafeMutablePointer<State>

    init(_ stream: BlobStream) {
        state = .allocate(capacity: 1)
        state.initialize(to: State(base: Self.calls, stream: stream, failure: nil))
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    var pointer: UnsafeMutablePointer<sqfs_file_t> {
        UnsafeMutableRawPointer(state).assumingMemoryBound(to: sqfs_file_t.self)
    }

    var byteCount: UInt64 { state.pointee.stream.byteCount }

    /// Where a block begins that is appended.
    ///
    /// - Parameter baseOffset: where in the base the same bytes stand, if they do.
    func append(
        _ bytes: UnsafeRawBufferPointer, baseOffset: UInt64?
    ) throws(BlobError) -> UInt64 {
        let offset = byteCount
        try state.pointee.stream.append(bytes, baseOffset: baseOffset)
        return offset
    }

    /// - Parameter code: what the library returned; negative is an error.
    func check(_ code: Int32, _ call: String) throws(BlobError) {
        if code < 0, let failure = state.pointee.failure { throw failure }
        try BlobError.check(code, call)
    }

    /// - Parameter object: what a constructor of the library returned.
    func created(_ object: OpaquePointer?, _ call: String) throws(BlobError) -> LibraryObject {
        guard let object else { throw .library(call: call, error: "SQFS_ERROR_ALLOC") }
        return LibraryObject(UnsafeMutableRawPointer(object))
    }

    private static func state(
        _ file: UnsafePointer<sqfs_file_t>?
    ) -> UnsafeMutablePointer<State> {
        UnsafeMutableRawPointer(mutating: file!).assumingMemoryBound(to: State.self)
    }

    /// The library appends, except for the superblock at the end. It reads nothing.
    private static let calls = sqfs_file_t(
        base: sqfs_object_t(destroy: { _ in }, copy: { _ in nil }),
        read_at: { _, _, _, _ in Int32(SQFS_ERROR_UNSUPPORTED.rawValue) },
        write_at: { file, offset, buffer, count in
            let state = OutputFile.state(file)
            let stream = state.pointee.stream
            let bytes = UnsafeRawBufferPointer(start: buffer, count: count)
            if offset == stream.byteCount {
                do throws(BlobError) {
                    try stream.append(bytes)
                } catch {
                    state.pointee.failure = error
                    return Int32(SQFS_ERROR_IO.rawValue)
                }
            } else if offset == 0, count == MemoryLayout<sqfs_super_t>.size {
                stream.replaceHead(bytes)
            } else {
                return Int32(SQFS_ERROR_UNSUPPORTED.rawValue)
            }
            return 0
        },
        get_size: { file in OutputFile.state(file).pointee.stream.byteCount },
        truncate: { _, _ in Int32(SQFS_ERROR_UNSUPPORTED.rawValue) })
}
