internal import CSquashFS
internal import SystemPackage
internal import Trees

/// The stretch of an open file that a squashfs fills: offsets count from its first byte, and
/// nothing outside is ever read.
struct SourceRange: Sendable {
    let descriptor: Int32
    let start: UInt64
    let byteCount: UInt64
    /// As the user wrote it, for messages.
    let name: String

    /// Fills the buffer from this offset on.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(SquashFSReadError) {
        guard offset <= byteCount, UInt64(buffer.count) <= byteCount - offset else {
            throw .cutShort(
                file: name, byteCount: byteCount,
                neededByteCount: offset.addingReportingOverflow(UInt64(buffer.count)).partialValue)
        }
        let filled: Int
        do {
            filled = try FileDescriptor(rawValue: descriptor).fill(buffer, at: start + offset)
        } catch {
            throw .readFailed(file: name, error)
        }
        guard filled == buffer.count else {
            throw .cutShort(
                file: name, byteCount: offset + UInt64(filled), neededByteCount: byteCount)
        }
    }

    /// Fills an array; the caller knows that there is room in memory.
    func read(
        byteCount: Int, at offset: UInt64
    ) throws(SquashFSReadError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var failure: SquashFSReadError?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(SquashFSReadError) {
                try read(into: buffer, at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    func damaged(_ flaw: SquashFSReadError.Flaw) -> SquashFSReadError {
        .damaged(file: name, flaw)
    }
}

/// A range as libsquashfs reads from it, for one thread. The library only says "I/O error", so
/// the reason is kept here. Lives at least as long as what was made with it.
final class LibraryFile {
    private struct State {
        /// First, so that a pointer to the state is a pointer to what the library knows.
        var base: sqfs_file_t
        let source: SourceRange
        var failure: SquashFSReadError?
    }

    private let state: UnsafeMutablePointer<State>

    init(_ source: SourceRange) {
        state = .allocate(capacity: 1)
        state.initialize(to: State(base: Self.calls, source: source, failure: nil))
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    var source: SourceRange { state.pointee.source }

    var pointer: UnsafeMutablePointer<sqfs_file_t> {
        UnsafeMutableRawPointer(state).assumingMemoryBound(to: sqfs_file_t.self)
    }

    /// - Parameters:
    ///   - code: what the library returned; negative is an error.
    ///   - flaw: what it means when it is about the bytes.
    func check(
        _ code: Int32, _ flaw: @autoclosure () -> SquashFSReadError.Flaw
    ) throws(SquashFSReadError) {
        if code >= 0 { return }
        if case .readFailed? = state.pointee.failure { throw state.pointee.failure! }
        if code == Int32(SQFS_ERROR_ALLOC.rawValue) { throw .library(call: "out of memory") }
        throw source.damaged(flaw())
    }

    private static func state(
        _ file: UnsafePointer<sqfs_file_t>?
    ) -> UnsafeMutablePointer<State> {
        UnsafeMutableRawPointer(mutating: file!).assumingMemoryBound(to: State.self)
    }

    private static let calls = sqfs_file_t(
        base: sqfs_object_t(destroy: { _ in }, copy: { _ in nil }),
        read_at: { file, offset, buffer, count in
            let state = LibraryFile.state(file)
            do throws(SquashFSReadError) {
                try state.pointee.source.read(
                    into: UnsafeMutableRawBufferPointer(start: buffer, count: count), at: offset)
                return 0
            } catch {
                state.pointee.failure = error
                return Int32(SQFS_ERROR_IO.rawValue)
            }
        },
        write_at: { _, _, _, _ in Int32(SQFS_ERROR_IO.rawValue) },
        get_size: { file in LibraryFile.state(file).pointee.source.byteCount },
        truncate: { _, _ in Int32(SQFS_ERROR_IO.rawValue) })
}
