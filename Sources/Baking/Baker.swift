internal import BakeContract
internal import Blobs
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
    /// the output stays as it was until the new one is complete.
    public func bake(
        _ request: BakeRequest, progress: @escaping @Sendable (BakeProgress) -> Void = { _ in }
    ) throws(BakeError) -> BakeReport {
        let output = try OutputCheck(request)
        let plan = try BakePlan(request, installation: installation, cache: cache)
        var inputs = try InputReader(
            plan, installation: installation, output: output, progress)
        try inputs.read()
        let configuration = try BakedConfiguration(request, layers: inputs.layers.map(\.layer))
        let (tree, mergeWarnings) = try merge(inputs.layers + configuration.layers, plan)
        let warnings =
            inputs.warnings + mergeWarnings + (try configuration.checkPrograms(in: tree))
        if request.isDryRun { return BakeReport(plan, tree, warnings) }
        let osRelease = try osRelease(of: tree)
        let blob = try BlobFile.write(tree, plan, beside: output.path, progress)
        progress(.writing)
        let image = try write(tree, blob, configuration, osRelease, plan, to: output.path)
        return BakeReport(plan, tree, warnings, blob.blob, image)
    }
}
