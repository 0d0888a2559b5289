public import Trees

/// What a loader would not find in the image.
public struct LibraryGap: Sendable, Hashable {
    public let library: MissingLibrary
    /// Where the image has files of the name all the same, for this machine: somebody who knows
    /// more than the loader's rules may lead it there.
    public let elsewhere: [TreePath]
}

extension MergedTree {
    /// What the loader would not find when it starts the program at this path (no symbolic link).
    ///
    /// Nothing for scripts, static programs and damaged ones, and nothing where the loader is
    /// neither glibc's nor musl's or is missing itself: its rules are not known then. Nor is
    /// LD_LIBRARY_PATH, which the caller may know.
    public func libraryGaps(of place: TreePath) throws(TreeError) -> [LibraryGap] {
        guard let program = node(at: place), case .regular(let content) = program.kind else {
            return []
        }
        // A loader reads ld.so.cache alone: what ld.so.conf says counts when ldconfig runs.
        let finder = LibraryFinder(in: self, usesConfiguration: false)
        guard let elf = try finder.reading(of: content, at: place).file, elf.interpreter != nil
        else { return [] }
        var load = try ProgramLoad(of: place, content: content, elf: elf, finder: finder)
        guard load.kind != .unknown, load.hasInterpreter else { return [] }
        // What it names may have the names of others.
        if node(at: "etc/ld.so.preload") != nil { return [] }
        try load.settle()
        var gaps: [LibraryGap] = []
        for library in load.missing {
            gaps.append(
                LibraryGap(
                    library: library,
                    elsewhere: try places(of: library.name, for: elf.machine, finder)))
        }
        return gaps
    }

    private func places(
        of name: Bytes, for machine: ELFMachine, _ finder: LibraryFinder
    ) throws(TreeError) -> [TreePath] {
        let last = name.lastIndex(of: UInt8(ascii: "/")).map { Bytes(name[($0 + 1)...]) } ?? name
        var places: [TreePath] = []
        var rejected: [TreePath] = []
        for entry in entries where entry.path.name == last {
            let path = entry.path.absolute
            if try finder.library(at: path, for: machine, .path, rejected: &rejected) != nil {
                places.append(entry.path)
            }
        }
        return places
    }
}
