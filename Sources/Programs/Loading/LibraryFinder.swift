internal import SystemPackage
internal import Trees

/// Finds libraries in a tree as its loaders would, and remembers what it read.
final class LibraryFinder {
    /// What told where a library is.
    enum Source {
        /// A name with a slash in it.
        case path
        case rpath
        case runpath
        case cache
        /// /etc/ld.so.conf, read because there is no cache.
        case configuration
        /// musl's list of directories.
        case muslFile
        case standard
    }

    struct Found {
        /// As the loader would open it.
        let path: Bytes
        let walk: PathWalk
        let place: TreePath
        let content: Node.Content
        let elf: ELFFile
        let source: Source
    }

    let tree: any ProgramTree
    /// Whether ld.so.conf stands in for a cache that is not there. Right for a tree where ldconfig
    /// would be run next; a loader itself never reads it.
    private let usesConfiguration: Bool
    private var readings: [TreePath: ELFReading] = [:]
    private var caches: [Bool: LibraryCache?] = [:]
    private var configuration: [Bytes]?
    private var standardDirectories: [TreePath: [Bytes]] = [:]
    /// By object: functions it takes from the name service switch, services it has itself.
    var functions: [TreePath: [Bytes]] = [:]
    var builtInServices: [TreePath: Set<Bytes>] = [:]

    init(in tree: any ProgramTree, usesConfiguration: Bool) {
        self.tree = tree
        self.usesConfiguration = usesConfiguration
    }

    func reading(of content: Node.Content, at place: TreePath) throws(TreeError) -> ELFReading {
        if let known = readings[place] { return known }
        let reading = try ELFFile.read(content)
        readings[place] = reading
        return reading
    }

    /// The library at a path, when it is one for this machine: loaders pass over others. Nil also
    /// for what may not be read or is no file of a disk, which is as good as not there.
    func library(
        at path: Bytes, for machine: ELFMachine, _ source: Source,
        rejected: inout [TreePath]
    ) throws(TreeError) -> Found? {
        do throws(TreeError) {
            let walk = try PathWalk(path, in: tree)
            guard let file = walk.file else { return nil }
            guard let elf = try reading(of: file.content, at: file.path).file,
                elf.kind != .other, machine.accepts(elf.machine)
            else {
                rejected.append(file.path)
                return nil
            }
            return Found(
                path: path, walk: walk, place: file.path, content: file.content, elf: elf,
                source: source)
        } catch .failed(_, _, .permissionDenied), .specialFileSystem {
            return nil
        }
    }

    func cache(for machine: ELFMachine) throws(TreeError) -> LibraryCache? {
        if let known = caches[machine.isLittleEndian] { return known }
        let bytes = try tree.text(at: LibraryCache.path.absolute, limitByteCount: 64 << 20)
        let cache = bytes.flatMap {
            LibraryCache($0, isLittleEndian: machine.isLittleEndian)
        }
        caches[machine.isLittleEndian] = .some(cache)
        return cache
    }

    /// Where glibc's loader looks when nothing else says where.
    func standardDirectories(
        for machine: ELFMachine, loader: Found?
    ) throws(TreeError) -> [Bytes] {
        guard let loader else {
            return try DefaultDirectories.glibc(machine, loader: nil)
        }
        if let known = standardDirectories[loader.place] { return known }
        let directories = try DefaultDirectories.glibc(machine, loader: loader.content)
        standardDirectories[loader.place] = directories
        return directories
    }

    /// Directories of ld.so.conf, where they count.
    func configuredDirectories() throws(TreeError) -> [Bytes] {
        guard usesConfiguration else { return [] }
        if let configuration { return configuration }
        let directories = try LibraryConfiguration(in: tree).directories
        configuration = directories
        return directories
    }

    /// `DIRECTORY/glibc-hwcaps/LEVEL/NAME` for every level that has it: builds for processors that
    /// can do more. The loader would take them where the processor can; nobody knows which one it
    /// will be.
    func variants(of name: Bytes, in directory: Bytes) throws(TreeError) -> [Bytes] {
        let levels = directory + Bytes("/glibc-hwcaps".utf8)
        guard case .found(let place, let node) = try PathWalk(levels, in: tree).end,
            node.isDirectory
        else { return [] }
        var found: [Bytes] = []
        for level in try tree.names(in: place) {
            let path = levels + [UInt8(ascii: "/")] + level + [UInt8(ascii: "/")] + name
            if try PathWalk(path, in: tree).file != nil { found.append(path) }
        }
        return found
    }
}
