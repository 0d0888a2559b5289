internal import CSquashFS

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

extension BlobError {
    /// The library's return code as an error, when it is one.
    static func check(_ code: Int32, _ call: String) throws(BlobError) {
        if code < 0 { throw .library(call: call, error: libraryName(of: code)) }
    }

    private static func libraryName(of code: Int32) -> String {
        let names = [
            "ALLOC", "IO", "COMPRESSOR", "INTERNAL", "CORRUPTED", "UNSUPPORTED", "OVERFLOW",
            "OUT_OF_BOUNDS", "SUPER_MAGIC", "SUPER_VERSION", "SUPER_BLOCK_SIZE", "NOT_DIR",
            "NO_ENTRY", "LINK_LOOP", "NOT_FILE", "ARG_INVALID", "SEQUENCE",
        ]
        let index = Int(-code) - 1
        return names.indices.contains(index) ? "SQFS_ERROR_\(names[index])" : "error \(code)"
    }
}
