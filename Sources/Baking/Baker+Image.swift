internal import BakeContract
internal import Blobs
internal import Images
internal import Kernels
internal import Packages
internal import SystemPackage
internal import Trees

/// The version of bake; in every manifest.
public let bakeVersion = "0.1.0"

extension Baker {
    /// Puts the blob and everything around it into the one file.
    func write(
        _ baked: BakedTree, _ blob: inout BlobFile, _ configuration: BakedConfiguration,
        _ plan: BakePlan, to output: FilePath
    ) throws(BakeError) -> WrittenImage {
        let osRelease = try osRelease(of: baked.tree)
        do throws(ImageError) {
            let description = BlobDescription(blob.blob)
            let contents = ImageContents(
                bakeVersion: bakeVersion, bootStub: plan.parts.bootStub,
                efiStub: plan.parts.efiStub, efiStubVersion: plan.parts.efiStubVersion,
                kernel: plan.kernel.bytes, kernelVersion: plan.kernel.version,
                commandLine: plan.commandLine, osRelease: osRelease,
                provenance: Provenance(baked).text,
                packages: baked.packages.map {
                    .init(name: $0.name, version: $0.version, architecture: $0.architecture)
                },
                initramfs: try initramfs(plan),
                settings: try Initramfs.settings(
                    guestManifest: description.guestManifest,
                    configuration: configuration.text),
                blob: BlobSource(
                    descriptor: blob.descriptor, path: output, description: description,
                    offset: blob.offset, treeByteCount: unpackedByteCount(baked.tree, plan)),
                leavesBlobInPlace: plan.fitness.leavesBlobInPlace)
            let image = try ImageWriter.write(contents, to: output, draft: blob.takeDraft())
            TypedNames(of: cache).keep(baked.layers.typedNames, of: image.manifest)
            return image
        } catch {
            throw BakeError(error, output: plan.request.output)
        }
    }

    /// Of a tar, what the guest needs for the tree, and for unpacking it beside the tree: the
    /// formula counts this number twice (docs/image-format.md, *Memory*).
    private func unpackedByteCount(_ tree: MergedTree, _ plan: BakePlan) -> Int {
        guard case .tar(let compression) = plan.packing else { return 0 }
        return Int(Tar.unpackedByteCount(of: tree)) + compression.windowByteCount / 2
    }

    private func initramfs(_ plan: BakePlan) throws(ImageError) -> Bytes {
        let archive = try Initramfs.archive(
            initProgram: plan.parts.guestInit,
            modules: plan.modules.map { .init(name: "\($0.name).ko", content: $0.bytes) },
            compression: .none)
        return try InitramfsCache(directory: cache.root.appending("initramfs")).compressed(archive)
    }
}

extension BlobDescription {
    init(_ blob: Blob) {
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
