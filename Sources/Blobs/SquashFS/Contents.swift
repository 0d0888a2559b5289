internal import CSquashFS

/// What inodes need to know of the contents of regular files, all of which are written.
struct Contents: ~Copyable {
    let plan: ContentPlan
    let locations: ContentLocations
    /// The fragment table.
    let fragments: LibraryObject

    init(
        plan: ContentPlan, locations: ContentLocations, fragments: consuming LibraryObject
    ) {
        self.plan = plan
        self.locations = locations
        self.fragments = fragments
    }

    /// The whole blocks of a file of so many bytes, or those it shares.
    func blocks(of file: Int, byteCount: UInt64) -> ContentLocations.Blocks {
        locations.blocks(
            of: plan.original(of: file), count: Int(byteCount / UInt64(plan.blockSize)))
    }
}
