internal import Trees

/// What every thread knows of the blob that is being made.
struct BlobContext: Sendable {
    let tree: MergedTree
    let plan: ContentPlan
    let options: SquashFS.Options
    let hashSeed: UInt64
    /// Nil where nothing is reused, neither now nor later.
    let known: KnownContents?
    let output: BlobOutput
    let exchange: Exchange

    /// - Precondition: a regular file.
    func content(of file: Int) -> Node.Content { tree.content(of: file) }
}

extension MergedTree {
    /// - Parameter file: the position in `nodes` of a regular file.
    func content(of file: Int) -> Node.Content {
        guard case .regular(let content) = nodes[file].kind else {
            preconditionFailure("only regular files have contents")
        }
        return content
    }
}
