internal import Glibc
internal import SystemPackage
internal import Trees

extension Baker {
    /// All layers laid over each other, as they go into the blob: permissions changed and times
    /// clamped where that was asked for; and warnings.
    func merge(
        _ layers: [InputLayer], _ plan: BakePlan
    ) throws(BakeError) -> (tree: MergedTree, warnings: [String]) {
        let request = plan.request
        do throws(TreeError) {
            let merged = try MergedTree.overlay(
                layers.map(\.layer), impliedDirectory: .directory(mtimeSeconds: request.ownTime),
                onConflict: plan.conflictRule)
            let (changed, counts) = merged.applying(plan.modeRules)
            let tree = request.sourceDateEpoch.map { changed.withTimes(noLaterThan: $0) } ?? changed
            let idleRules = zip(request.modeRules, counts).filter { $0.1 == 0 }.map { rule, _ in
                "--chmod '\(rule)' changed nothing: no path is as its pattern"
            }
            return (tree, idleRules + (request.isStrict ? LinkCheck(tree: tree).warnings() : []))
        } catch {
            throw BakeError(error)
        }
    }

    func osRelease(of tree: MergedTree) throws(BakeError) -> Bytes {
        do throws(TreeError) {
            return try tree.osRelease()
        } catch {
            throw BakeError(error)
        }
    }
}
