internal import CSquashFS
internal import Glibc
internal import SystemPackage

/// The file libsquashfs writes to, and its return codes as errors. The library only says "I/O
/// error", so the reason is kept here, where the system call was made.
struct OutputFile: ~Copyable {
    private struct State {
        /// First, so that a pointer to the state is a pointer to what the library knows.
        var base: sqfs_file_t
        let descriptor: Int32
        var byteCount: UInt64
        var failure: BlobError?
    }

    private let state: UnsafeMutablePointer<State>

    /// Empties the file. The descriptor stays the caller's.
    init(_ descriptor: FileDescriptor) throws(BlobError) {
        guard ftruncate(descriptor.rawValue, 0) == 0 else {
            throw .output(.resize, Errno(rawValue: errno))
        }
        state = .allocate(capacity: 1)
        state.initialize(
            to: State(
                base: Self.calls, descriptor: descriptor.rawValue, byteCount: 0, failure: nil))
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    var pointer: UnsafeMutablePointer<sqfs_file_t> {
        UnsafeMutableRawPointer(state).assumingMemoryBound(to: sqfs_file_t.self)
    }

    /// Highest byte written, plus one.
    var byteCount: UInt64 { state.pointee.byteCount }

    /// - Parameter code: what the library returned; negative is an error.
    func check(_ code: Int32, _ call: String) throws(BlobError) {
        if code >= 0 { return }
        throw state.pointee.failure ?? .library(call: call, error: Self.name(of: code))
    }

    /// - Parameter object: what a constructor of the library returned.
    func created(_ object: OpaquePointer?, _ call: String) throws(BlobError) -> LibraryObject {
        guard let object else { throw .library(call: call, error: "SQFS_ERROR_ALLOC") }
        return LibraryObject(UnsafeMutableRawPointer(object))
    }

    private static func name(of code: Int32) -> String {
        let names = [
            "ALLOC", "IO", "COMPRESSOR", "INTERNAL", "CORRUPTED", "UNSUPPORTED", "OVERFLOW",
            "OUT_OF_BOUNDS", "SUPER_MAGIC", "SUPER_VERSION", "SUPER_BLOCK_SIZE", "NOT_DIR",
            "NO_ENTRY", "LINK_LOOP", "NOT_FILE", "ARG_INVALID", "SEQUENCE",
        ]
        let index = Int(-code) - 1
        return names.indices.contains(index) ? "SQFS_ERROR_\(names[index])" : "error \(code)"
    }

    private static func state(
        _ file: UnsafePointer<sqfs_file_t>?
    ) -> UnsafeMutablePointer<State> {
        UnsafeMutableRawPointer(mutating: file!).assumingMemoryBound(to: State.self)
    }

    /// The library's view of the file. All calls come from the thread that feeds it.
    private static let calls = sqfs_file_t(
        base: sqfs_object_t(destroy: { _ in }, copy: { _ in nil }),
        read_at: { file, offset, buffer, count in
            let state = OutputFile.state(file)
            var done = 0
            while done < count {
                let read = pread(
                    state.pointee.descriptor, buffer! + done, count - done, off_t(offset) + done)
                if read > 0 {
                    done += read
                } else if read == 0 || errno != EINTR {
                    let reason = read == 0 ? Errno.ioError : Errno(rawValue: errno)
                    state.pointee.failure = .output(.read, reason)
                    return Int32(SQFS_ERROR_IO.rawValue)
                }
            }
            return 0
        },
        write_at: { file, offset, buffer, count in
            let state = OutputFile.state(file)
            var done = 0
            while done < count {
                let written = pwrite(
                    state.pointee.descriptor, buffer! + done, count - done, off_t(offset) + done)
                if written >= 0 {
                    done += written
                } else if errno != EINTR {
                    state.pointee.failure = .output(.write, Errno(rawValue: errno))
                    return Int32(SQFS_ERROR_IO.rawValue)
                }
            }
            state.pointee.byteCount = max(state.pointee.byteCount, offset + UInt64(count))
            return 0
        },
        get_size: { file in OutputFile.state(file).pointee.byteCount },
        truncate: { file, byteCount in
            let state = OutputFile.state(file)
            guard ftruncate(state.pointee.descriptor, off_t(byteCount)) == 0 else {
                state.pointee.failure = .output(.resize, Errno(rawValue: errno))
                return Int32(SQFS_ERROR_IO.rawValue)
            }
            state.pointee.byteCount = byteCount
            return 0
        })
}

/// Something libsquashfs made: created once, destroyed once.
struct LibraryObject: ~Copyable {
    let raw: UnsafeMutableRawPointer

    init(_ raw: UnsafeMutableRawPointer) {
        self.raw = raw
    }

    deinit {
        sqfs_destroy(raw)
    }

    var opaque: OpaquePointer { OpaquePointer(raw) }
}
