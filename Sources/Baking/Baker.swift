internal import BakeContract
internal import Blobs
internal import Glibc
internal import Images
public import Kernels
internal import SystemPackage
internal import Trees

/// Bakes: a request in, a bootable file out, a report back.
public struct Baker: Sendable {
    let installation: Installation
    let cache: KernelCache

    public init(installation: Installation, cache: KernelCache) {
        self.installation = installation
        self.cache = cache
    }

    /// The whole of a bake, stage by stage. Nothing is written before everything was checked, and
    /// the output stays as it was until the new one is complete. What is written without anything
    /// around it takes a shorter way: `bakePart`.
    public func bake(
        _ request: BakeRequest, progress: @escaping @Sendable (BakeProgress) -> Void = { _ in }
    ) async throws(BakeError) -> BakeReport {
        if request.format != .image { return try await bakePart(request, progress: progress) }
        let startSeconds = Int64(time(nil))
        let output = try OutputCheck(request)
        let parts = try InstalledParts(installation)
        let plan = try BakePlan(request, cache: cache)
        let indices = BlobIndexCache(of: cache)
        let earlier = try EarlierImage.find(request, indices)
        var inputs = try InputReader(plan, self, output, progress)
        try await inputs.read()
        var baked = try merge(&inputs, plan)
        try edit(&baked, plan, scratch: output.directory, progress)
        let configuration = try BakedConfiguration(
            request, tree: baked.tree, image: inputs.imageConfiguration)
        let modules = try plan.modules(for: configuration.configuration)
        try finish(&baked, configuration, plan)
        let moduleCount = modules.all.count
        if request.isDryRun { return BakeReport(plan, moduleCount: moduleCount, baked) }
        // From here on modules and parts are in the draft alone, compressed.
        let draft = try draft(of: baked, configuration, modules, parts, plan, at: output.path)
        let blob = try draft.pack(
            baked.tree, reuse(of: earlier, request, startSeconds), progress)
        progress(.writing)
        let image = try draft.finish(blob)
        keep(blob, in: indices)
        keep(baked.layers.typedNames, of: image)
        return BakeReport(plan, moduleCount: moduleCount, baked, blob, image, earlier)
    }
}
