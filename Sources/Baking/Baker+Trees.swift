internal import Editing
internal import Packages
internal import SystemPackage
internal import Trees

/// The merged tree on its way into the blob, and what is known about it.
struct BakedTree {
    var tree: MergedTree
    /// In the order of `tree.layerNames`.
    var layers: [LayerSource]
    /// Of `--package`: what that layer holds, sorted.
    var packages: [DebianPackage] = []
    /// Of each `--edit`.
    var edits: [TreeChanges] = []
    var warnings: [String] = []
    var notes: [String] = []

    mutating func lay(_ input: InputLayer, _ request: BakeRequest) throws(TreeError) {
        try tree.lay(
            input.layer, impliedDirectory: .directory(mtimeSeconds: request.ownTime),
            // What an edit did to the tree is what was asked for; nothing else comes here.
            onConflict: .replace)
        layers.append(input.source)
    }

    /// What is asked of the tree as a whole, when nothing is added to it any more.
    mutating func finish(_ request: BakeRequest) {
        if let limit = request.sourceDateEpoch { tree.limitTimes(to: limit) }
        if request.isStrict { warnings += LinkCheck(tree: tree).warnings() }
    }
}

extension Baker {
    /// All inputs laid over each other, permissions changed where that was asked for.
    func merge(_ inputs: inout InputReader, _ plan: some InputRules) throws(BakeError) -> BakedTree
    {
        let request = plan.request
        do throws(TreeError) {
            let layers = inputs.layers.map(\.source)
            let merged = try MergedTree.overlay(
                inputs.takeLayers(),
                impliedDirectory: .directory(mtimeSeconds: request.ownTime),
                onConflict: plan.conflictRule)
            let (tree, counts) = merged.applying(plan.modeRules)
            let idleRules = zip(request.modeRules, counts).filter { $0.1 == 0 }.map { rule, _ in
                "--chmod '\(rule)' changed nothing: no path is as its pattern"
            }
            return BakedTree(
                tree: tree, layers: layers, packages: inputs.packages,
                warnings: inputs.warnings + idleRules)
        } catch {
            throw BakeError(error)
        }
    }

    /// Runs the edits, each on what all before it made.
    func edit(
        _ baked: inout BakedTree, _ plan: some InputRules, scratch: FilePath,
        _ progress: (BakeProgress) -> Void
    ) throws(BakeError) {
        for (index, commands) in plan.request.edits.enumerated() {
            progress(.editing(number: index + 1, count: plan.request.edits.count))
            let edit: Edit
            do {
                edit = try Edit.run(
                    baked.tree, commands: .shellText(Bytes(commands.utf8)), scratch: scratch,
                    number: index + 1, ownTime: plan.request.ownTime)
            } catch {
                throw BakeError(error)
            }
            baked.edits.append(TreeChanges(edit.changes))
            baked.warnings += edit.notes.map(\.description)
            do {
                try baked.lay(
                    InputLayer(layer: edit.layer, origin: .edit(index + 1)), plan.request)
            } catch {
                throw BakeError(error)
            }
        }
    }

    /// The configuration on top, and what is true of the tree as a whole.
    func finish(
        _ baked: inout BakedTree, _ configuration: BakedConfiguration, _ plan: BakePlan
    ) throws(BakeError) {
        if let layer = configuration.layer {
            do {
                try baked.lay(layer, plan.request)
            } catch {
                throw BakeError(error)
            }
        }
        baked.warnings += try configuration.checkPrograms(in: baked.tree)
        baked.notes += configuration.notes
        baked.finish(plan.request)
    }

    func osRelease(of tree: MergedTree) throws(BakeError) -> Bytes {
        do throws(TreeError) {
            return try tree.osRelease()
        } catch {
            throw BakeError(error)
        }
    }
}
