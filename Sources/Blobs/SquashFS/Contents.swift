internal import CSquashFS

/// What inodes need to know of the contents of regular files, all of which are written.
struct Contents: ~Copyable {
    let plan: ContentPlan
    let locations: ContentLocations
    /// The fragment table.
    let fragments: LibraryObject
    /// Positions in the plan, by positions in the tree.
    private var files: [Int32]

    init(
        _ plan: ContentPlan, _ locations: ContentLocations, _ fragments: consuming LibraryObject,
        nodeCount: Int
    ) {
        self.plan = plan
        self.locations = locations
        self.fragments = fragments
        files = Array(repeating: -1, count: nodeCount)
        for (position, file) in plan.files.enumerated() {
            files[Int(file.nodeIndex)] = Int32(position)
        }
    }

    /// - Precondition: a regular file.
    func file(ofNode index: Int) -> Int { Int(files[index]) }
}
