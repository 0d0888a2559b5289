internal import BakeContract
internal import Blobs
internal import Images
internal import Kernels
internal import Packages
internal import SystemPackage
internal import Trees

/// The image while it is made: first the blob, at the place where it will stand, then everything
/// around it.
///
/// All of what stands before the blob but a few numbers and digests is known before the blob is, so
/// its place can be told. Should it turn out to be another one, the blob is copied.
struct ImageDraft: ~Copyable {
    private let plan: BakePlan
    private let configuration: Bytes?
    private let output: OutputFile
    /// With an expectation in place of the blob.
    private let contents: ImageContents

    private init(
        _ plan: BakePlan, configuration: Bytes?, _ output: consuming OutputFile,
        _ contents: ImageContents
    ) {
        self.plan = plan
        self.configuration = configuration
        self.output = output
        self.contents = contents
    }

    /// - Parameter path: of the finished image.
    static func begin(
        of baked: BakedTree, _ configuration: BakedConfiguration, _ modules: ModuleSelection,
        _ parts: InstalledParts, _ plan: BakePlan, osRelease: Bytes,
        _ initramfsCache: InitramfsCache, at path: FilePath
    ) throws(BakeError) -> ImageDraft {
        do throws(ImageError) {
            let output = try OutputFile(replacing: path)
            let expected = plan.packing.expectedBlob
            var contents = ImageContents(
                bakeVersion: bakeVersion, bootStub: parts.bootStub,
                efiStub: parts.efiStub, efiStubVersion: parts.efiStubVersion,
                kernel: try PartSource(opening: plan.kernel.path),
                kernelVersion: plan.kernel.version, commandLine: plan.commandLine,
                osRelease: osRelease,
                provenance: try ImageContents.compressed(provenance: Provenance(baked).text),
                packages: baked.packages.map {
                    .init(name: $0.name, version: $0.version, architecture: $0.architecture)
                },
                initramfs: try initramfsCache.initramfs(of: parts, modules),
                settings: try Initramfs.settings(
                    guestManifest: expected.guestManifest, configuration: configuration.text),
                blob: BlobSource(
                    descriptor: output.descriptor, path: path, description: expected,
                    treeByteCount: plan.packing.unpackedByteCount(of: baked.tree)),
                leavesBlobInPlace: plan.fitness.leavesBlobInPlace)
            contents.blob.offset = try ImageWriter.blobOffset(in: contents)
            return ImageDraft(plan, configuration: configuration.text, output, contents)
        } catch {
            throw BakeError(error, output: plan.request.output)
        }
    }

    /// Packs the tree.
    func pack(
        _ tree: MergedTree, _ reuse: Reuse?,
        _ progress: @escaping @Sendable (BakeProgress) -> Void
    ) throws(BakeError) -> Blob {
        do throws(BlobError) {
            return try plan.packing.pack(
                tree, plan.request, reuse, to: output.descriptor, at: UInt64(contents.blob.offset)
            ) { progress(.packing($0)) }
        } catch {
            throw BakeError(error, output: plan.request.output)
        }
    }

    /// Puts everything around the blob, and the image under its name.
    consuming func finish(_ blob: Blob) throws(BakeError) -> WrittenImage {
        let (name, path) = (plan.request.output, output.path)
        var contents = contents
        let description = BlobDescription(blob)
        contents.blob.description = description
        do throws(ImageError) {
            contents.settings = try Initramfs.settings(
                guestManifest: description.guestManifest, configuration: configuration)
            return try ImageWriter.write(contents, to: path, draft: output)
        } catch {
            throw BakeError(error, output: name)
        }
    }
}

extension BakePlan.BlobPacking {
    /// - Parameter offset: where the blob begins in the file, in bytes.
    fileprivate func pack(
        _ tree: MergedTree, _ request: BakeRequest, _ reuse: Reuse?,
        to descriptor: FileDescriptor, at offset: UInt64, _ progress: (BlobProgress) -> Void
    ) throws(BlobError) -> Blob {
        switch self {
        case .squashfs(let compression):
            var options = SquashFS.Options(request, compression)
            options.limitByteCount = ImageWriter.blobLimitByteCount
            options.reuse = reuse
            return try SquashFS.write(
                tree, to: descriptor, at: offset, options: options, progress: progress)
        case .tar(let compression):
            var options = Tar.Options()
            options.compression = compression
            options.workerCount = request.workerCount
            options.limitByteCount = ImageWriter.blobLimitByteCount
            return try Tar.write(
                tree, to: descriptor, at: offset, options: options, progress: progress)
        }
    }

    /// Like the blob that will come, so that what is said about it is as long as it will be, or shorter
    /// by some digits.
    fileprivate var expectedBlob: BlobDescription {
        let digest = ContentDigest.of([])
        let byteCount = 100_000 * 4096
        return switch self {
        case .squashfs(let compression):
            BlobDescription(
                kind: .squashfs, compression: compression.algorithm.rawValue,
                byteCount: byteCount, dataByteCount: byteCount, digest: nil,
                verity: VerityDescription(
                    rootHash: digest, salt: digest.bytes, dataBlockCount: 100_000,
                    hashStartBlock: 100_000))
        case .tar(let compression):
            BlobDescription(
                kind: .tar, compression: compression.algorithm.rawValue, byteCount: byteCount,
                dataByteCount: byteCount, digest: digest, verity: nil)
        }
    }

    /// Of a tar, what the guest needs for the tree, and for unpacking it beside the tree: the
    /// formula counts this number twice (docs/image-format.md, *Memory*).
    fileprivate func unpackedByteCount(of tree: MergedTree) -> Int {
        guard case .tar(let compression) = self else { return 0 }
        return Int(Tar.unpackedByteCount(of: tree)) + compression.windowByteCount / 2
    }
}

extension BlobDescription {
    fileprivate init(_ blob: Blob) {
        self.init(
            kind: blob.kind == .squashfs ? .squashfs : .tar, compression: blob.compression,
            byteCount: Int(blob.byteCount), dataByteCount: Int(blob.dataByteCount),
            digest: blob.sha256.map { ContentDigest(bytes: $0)! },
            verity: blob.verity.map { verity in
                VerityDescription(
                    rootHash: ContentDigest(bytes: verity.rootHash)!, salt: verity.salt,
                    dataBlockCount: Int(verity.dataBlockCount),
                    hashStartBlock: Int(verity.hashStartBlock))
            })
    }
}
