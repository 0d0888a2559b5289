internal import Blobs
internal import SystemPackage
internal import Trees

/// Everything that writing the tree alone needs besides the trees, checked before any of them is
/// read. Neither a kernel nor bake's own parts are looked for: none of them is in the output.
struct PartPlan {
    let trees: TreePlan
    let packing: Packing
    let warnings: [String]

    /// How the tree becomes bytes.
    enum Packing {
        case squashfs(SquashFS.Options, isDigested: Bool)
        case tar(Tar.Options)
        case newc(Newc.Options)
    }

    var request: BakeRequest { trees.request }

    init(_ request: BakeRequest) throws(BakeError) {
        trees = try TreePlan(request)
        do throws(BlobError) {
            packing = try Packing(request)
        } catch {
            throw BakeError(error, output: request.output)
        }
        warnings = request.idleKeys.map { key in
            "'\(key)' of the request says nothing about \(request.format.noun) alone"
        }
    }
}

extension PartPlan.Packing {
    /// - Precondition: not an image.
    fileprivate init(_ request: BakeRequest) throws(BlobError) {
        switch request.format {
        case .image: preconditionFailure("an image is more than its tree")
        case .squashfs:
            self = .squashfs(
                SquashFS.Options(
                    request, try Compression(parsing: request.compression ?? "zstd")),
                isDigested: request.isDigested)
        case .tar:
            var options = Tar.Options()
            options.compression = try StreamCompression(parsing: request.compression ?? "none")
            options.workerCount = request.workerCount
            options.isPadded = false
            self = .tar(options)
        case .initrd:
            let compression = try StreamCompression(parsing: request.compression ?? "zstd")
            var options = Newc.Options(try compression.forKernel)
            options.workerCount = request.workerCount
            options.dropsXattrs = request.dropsXattrs
            self = .newc(options)
        }
    }

    /// - Parameter output: open for reading and writing.
    func pack(
        _ tree: MergedTree, to output: FileDescriptor, _ progress: (BlobProgress) -> Void
    ) throws(BlobError) -> Blob {
        switch self {
        case .squashfs(let options, let isDigested):
            try SquashFS.writeAlone(
                tree, to: output, options: options, isDigested: isDigested, progress: progress)
        case .tar(let options):
            try Tar.write(tree, to: output, options: options, progress: progress)
        case .newc(let options):
            try Newc.write(tree, to: output, options: options, progress: progress)
        }
    }
}

extension StreamCompression {
    /// What the kernel unpacks of an algorithm's forms: lz4 in its legacy framing alone
    /// (lib/decompress_unlz4.c).
    fileprivate var forKernel: StreamCompression {
        get throws(BlobError) {
            algorithm == .lz4 ? try StreamCompression(.lz4Legacy, level: level) : self
        }
    }
}

extension SquashFS.Options {
    init(_ request: BakeRequest, _ compression: Compression) {
        self.init()
        self.compression = compression
        blockSize = request.blockSize
        workerCount = request.workerCount
        timeSeconds = UInt32(clamping: request.sourceDateEpoch ?? 0)
    }
}
