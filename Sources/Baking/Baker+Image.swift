internal import BakeContract
internal import Images
internal import Kernels
internal import SystemPackage

/// The version of bake; in every manifest.
public let bakeVersion = "0.1.0"

extension Baker {
    /// The image without its blob.
    func draft(
        of baked: BakedTree, _ configuration: BakedConfiguration, _ modules: ModuleSelection,
        _ parts: InstalledParts, _ plan: BakePlan, at output: FilePath
    ) throws(BakeError) -> ImageDraft {
        try ImageDraft.begin(
            of: baked, configuration, modules, parts, plan,
            osRelease: try osRelease(of: baked.tree),
            InitramfsCache(directory: cache.root.appending("initramfs")), at: output)
    }

    /// What the user calls the layers, for `bake why` on this machine.
    func keep(_ names: [Int: String], of image: WrittenImage) {
        TypedNames(of: cache).keep(names, of: image.manifest)
    }
}

extension InitramfsCache {
    func initramfs(
        of parts: InstalledParts, _ modules: ModuleSelection
    ) throws(ImageError) -> Bytes {
        let archive = try Initramfs.archive(
            initProgram: parts.guestInit, modules: Initramfs.Modules(modules),
            compression: .none)
        return try compressed(archive)
    }
}

extension Initramfs.Modules {
    fileprivate init(_ selection: ModuleSelection) {
        self.init(
            files: selection.all.map { .init(name: $0.fileName, content: $0.bytes) },
            startCount: selection.atStart.count,
            drivers: selection.onDemand.map {
                .init(fileSystem: $0.fileSystem, modules: $0.modules.map(\.fileName))
            })
    }
}

extension KernelModule {
    /// In the image, whatever it was called before.
    fileprivate var fileName: String { "\(name).ko" }
}
