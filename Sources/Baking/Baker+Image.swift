internal import BakeContract
internal import Images
internal import Kernels
internal import SystemPackage

/// The version of bake; in every manifest.
public let bakeVersion = "0.1.0"

extension Baker {
    /// The image without its blob.
    func draft(
        of baked: BakedTree, _ configuration: BakedConfiguration, _ plan: BakePlan,
        at output: FilePath
    ) throws(BakeError) -> ImageDraft {
        try ImageDraft.begin(
            of: baked, configuration, plan, osRelease: try osRelease(of: baked.tree),
            InitramfsCache(directory: cache.root.appending("initramfs")), at: output)
    }

    /// What the user calls the layers, for `bake why` on this machine.
    func keep(_ names: [Int: String], of image: WrittenImage) {
        TypedNames(of: cache).keep(names, of: image.manifest)
    }
}

extension InitramfsCache {
    func initramfs(of plan: BakePlan) throws(ImageError) -> Bytes {
        let archive = try Initramfs.archive(
            initProgram: plan.parts.guestInit,
            modules: plan.modules.map { .init(name: "\($0.name).ko", content: $0.bytes) },
            compression: .none)
        return try compressed(archive)
    }
}
