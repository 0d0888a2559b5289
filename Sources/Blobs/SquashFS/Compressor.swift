internal import CSquashFS

/// A compressor of libsquashfs, and how it is told not to be one.
///
/// Two things stand between the library and what it calls. For `none` every block "did not
/// shrink", so it is stored as it is. And libsquashfs's lz4 reports output as large as its input
/// as a success, which makes blocks that unsquashfs refuses: a compressed block must be smaller
/// than what it unpacks to (squashfs_fs.h; unsquashfs.c, read_block).
struct Compressor: ~Copyable {
    private struct State {
        /// First, so that a pointer to the state is a pointer to what the library knows.
        var base: sqfs_compressor_t
        let inner: UnsafeMutablePointer<sqfs_compressor_t>
        let storesOnly: Bool
    }

    let id: UInt16
    let storesOnly: Bool
    private let object: LibraryObject

    init(_ compression: Compression, blockSize: Int) throws(BlobError) {
        id = compression.algorithm.id
        storesOnly = compression.algorithm == .none
        var configuration = sqfs_compressor_config_t()
        try BlobError.check(
            sqfs_compressor_config_init(
                &configuration, SQFS_COMPRESSOR(UInt32(id)), blockSize, 0),
            "sqfs_compressor_config_init")
        switch compression.algorithm {
        case .zstd, .gzip, .xz: configuration.level = UInt32(compression.level)
        case .lz4 where compression.level > 1:
            configuration.flags |= UInt16(SQFS_COMP_FLAG_LZ4_HC.rawValue)
        case .lz4, .none: break
        }
        var inner: UnsafeMutablePointer<sqfs_compressor_t>?
        try BlobError.check(
            sqfs_compressor_create(&configuration, &inner), "sqfs_compressor_create")
        object = Self.wrap(inner!, storesOnly: storesOnly)
    }

    var pointer: UnsafeMutablePointer<sqfs_compressor_t> {
        object.raw.assumingMemoryBound(to: sqfs_compressor_t.self)
    }

    /// Length of the compressed bytes; nil when they would be no shorter.
    func compress(
        _ bytes: UnsafeRawBufferPointer, into space: UnsafeMutableRawBufferPointer
    ) throws(BlobError) -> Int? {
        let count = pointer.pointee.do_block(
            pointer, bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt32(bytes.count),
            space.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt32(space.count))
        try BlobError.check(count, "sqfs_compressor_t.do_block")
        return count > 0 ? Int(count) : nil
    }

    /// Writes the compressor's options where they differ from the format's defaults.
    func writeOptions(_ file: borrowing OutputFile) throws(BlobError) -> Bool {
        let count = pointer.pointee.write_options(pointer, file.pointer)
        try file.check(count, "sqfs_compressor_t.write_options")
        return count > 0
    }

    private static func wrap(
        _ inner: UnsafeMutablePointer<sqfs_compressor_t>, storesOnly: Bool
    ) -> LibraryObject {
        let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        state.initialize(to: State(base: calls, inner: inner, storesOnly: storesOnly))
        return LibraryObject(UnsafeMutableRawPointer(state))
    }

    private static func state(_ object: UnsafeRawPointer?) -> UnsafeMutablePointer<State> {
        UnsafeMutableRawPointer(mutating: object!).assumingMemoryBound(to: State.self)
    }

    private static let calls = sqfs_compressor_t(
        base: sqfs_object_t(
            destroy: { object in
                let state = Compressor.state(object)
                sqfs_destroy(state.pointee.inner)
                state.deallocate()
            },
            copy: { object in
                let state = Compressor.state(object)
                guard let inner = sqfs_copy(state.pointee.inner) else { return nil }
                let copy = UnsafeMutablePointer<State>.allocate(capacity: 1)
                copy.initialize(
                    to: State(
                        base: state.pointee.base,
                        inner: inner.assumingMemoryBound(to: sqfs_compressor_t.self),
                        storesOnly: state.pointee.storesOnly))
                return UnsafeMutableRawPointer(copy).assumingMemoryBound(to: sqfs_object_t.self)
            }),
        get_configuration: { object, configuration in
            let inner = Compressor.state(object).pointee.inner
            inner.pointee.get_configuration(inner, configuration)
        },
        write_options: { object, file in
            let inner = Compressor.state(object).pointee.inner
            return inner.pointee.write_options(inner, file)
        },
        read_options: { object, file in
            let inner = Compressor.state(object).pointee.inner
            return inner.pointee.read_options(inner, file)
        },
        do_block: { object, input, inputCount, output, outputCapacity in
            let state = Compressor.state(object)
            if state.pointee.storesOnly { return 0 }
            let inner = state.pointee.inner
            let count = inner.pointee.do_block(inner, input, inputCount, output, outputCapacity)
            return count >= 0 && UInt32(count) >= inputCount ? 0 : count
        })
}

extension SquashFSAlgorithm {
    /// In the superblock. What is only stored claims gzip, as mksquashfs has it.
    fileprivate var id: UInt16 {
        let id =
            switch self {
            case .zstd: SQFS_COMP_ZSTD
            case .gzip, .none: SQFS_COMP_GZIP
            case .xz: SQFS_COMP_XZ
            case .lz4: SQFS_COMP_LZ4
            }
        return UInt16(id.rawValue)
    }
}
