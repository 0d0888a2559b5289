internal import Blobs
internal import Images
internal import SystemPackage
internal import Trees

extension Baker {
    /// A bake that ends with the merged tree: no kernel, no configuration, nothing around it. The
    /// output stays as it was until the new one is complete.
    func bakePart(
        _ request: BakeRequest, progress: @escaping @Sendable (BakeProgress) -> Void
    ) async throws(BakeError) -> BakeReport {
        let output = try OutputCheck(request)
        let plan = try PartPlan(request)
        var baked = try await merge(plan.trees, output, progress)
        baked.finish(request)
        if request.format == .initrd { baked.warnings += try InitCheck(baked.tree).warnings() }
        if request.isDryRun { return BakeReport(plan, baked) }
        let blob = try write(baked.tree, plan, to: output.path, progress)
        return BakeReport(plan, baked, blob)
    }

    /// Reads all inputs, lays them over each other and runs the edits.
    func merge(
        _ plan: TreePlan, _ output: OutputCheck, _ progress: @escaping (BakeProgress) -> Void
    ) async throws(BakeError) -> BakedTree {
        var inputs = try InputReader(plan, self, output, progress)
        try await inputs.read()
        var baked = try merge(&inputs, plan)
        try edit(&baked, plan, scratch: output.directory, progress)
        return baked
    }

    private func write(
        _ tree: MergedTree, _ plan: PartPlan, to path: FilePath,
        _ progress: @escaping (BakeProgress) -> Void
    ) throws(BakeError) -> Blob {
        let name = plan.request.output
        let output = try OutputFile(replacing: path, named: name)
        let blob: Blob
        do throws(BlobError) {
            blob = try plan.packing.pack(tree, to: output.descriptor) { progress(.packing($0)) }
        } catch {
            throw BakeError(error, output: name)
        }
        progress(.writing)
        try output.finish(named: name)
        return blob
    }
}

// Failures with the output as the user wrote it.
extension OutputFile {
    fileprivate init(replacing path: FilePath, named name: String) throws(BakeError) {
        do throws(ImageError) {
            try self.init(replacing: path)
        } catch {
            throw BakeError(error, output: name)
        }
    }

    fileprivate consuming func finish(named name: String) throws(BakeError) {
        do throws(ImageError) {
            try finish()
        } catch {
            throw BakeError(error, output: name)
        }
    }
}
