internal import Glibc
public import SystemPackage

/// Writes a tree into a directory of this machine.
///
/// Every name is made new and relative to its open directory, so nothing that stands in the
/// destination, or is put there meanwhile, can lead a write elsewhere. The tree grows in a
/// neighbour of the destination and gets its name when it is complete.
public enum TreeWriter {
    public struct Options: Sendable {
        /// Whether files are given to their owners; else they are the caller's.
        public var keepsOwners: Bool
        /// Whether files keep setuid and setgid bits and capabilities.
        public var keepsPrivileges: Bool
        public var makesDevices: Bool
        /// The most the contents of all files may hold, in bytes, holes included.
        public var byteCountLimit: UInt64 = .max
        /// The most files, directories included, each once whatever its names.
        public var fileCountLimit: Int = .max

        public init(keepsOwners: Bool, keepsPrivileges: Bool, makesDevices: Bool) {
            self.keepsOwners = keepsOwners
            self.keepsPrivileges = keepsPrivileges
            self.makesDevices = makesDevices
        }

        /// What a user can do who asks for nothing special: everything as root; as somebody else
        /// only what gives nobody rights.
        public static var forThisUser: Options {
            let isRoot = geteuid() == 0
            return Options(keepsOwners: isRoot, keepsPrivileges: isRoot, makesDevices: isRoot)
        }
    }

    /// Writes the tree to a directory that does not exist or is empty. After a failure there is
    /// what was there before.
    ///
    /// - Returns: what the directory was not given, although the tree has it.
    public static func write(
        _ tree: MergedTree, to destination: FilePath, options: Options = .forThisUser
    ) throws(TreeWriteError) -> [WriteNote] {
        try check(tree, options)
        try check(destination)
        // Removed with all it holds unless it gets its name.
        let scratch = try neighbour(of: destination)
        var writing = TreeWriting(
            tree, into: try open(scratch.path), called: destination.string, options)
        let notes = try writing.run()
        do {
            try scratch.rename(to: destination)
        } catch {
            throw .destination(destination.string, error)
        }
        return notes
    }

    /// A layer by itself: directories above its paths that it does not name are root's, 0755.
    public static func write(
        _ layer: Layer, to destination: FilePath, options: Options = .forThisUser
    ) throws(TreeWriteError) -> [WriteNote] {
        let tree: MergedTree
        do { tree = try MergedTree.overlay([layer]) } catch { throw .source(error) }
        return try write(tree, to: destination, options: options)
    }

    /// Whether the tree is within the limits: known from its metadata, before contents are read.
    public static func check(
        _ tree: MergedTree, _ options: Options
    ) throws(TreeWriteError) {
        guard tree.nodes.count <= options.fileCountLimit else {
            throw .tooManyFiles(count: tree.nodes.count, limit: options.fileCountLimit)
        }
        let byteCount = tree.counts.contentByteCount
        guard byteCount <= options.byteCountLimit else {
            throw .tooManyBytes(count: byteCount, limit: options.byteCountLimit)
        }
    }

    // MARK: Details

    private static func check(_ destination: FilePath) throws(TreeWriteError) {
        let name = destination.string
        guard let last = destination.lastComponent, last.kind == .regular else {
            throw .destinationHasNoName(name)
        }
        var status = stat()
        guard lstat(name, &status) == 0 else {
            if errno == ENOENT { return }
            throw .destination(name, Errno(rawValue: errno))
        }
        switch status.st_mode & S_IFMT {
        case S_IFLNK: throw .destinationIsLink(name)
        case S_IFDIR: break
        default: throw .destinationNotDirectory(name)
        }
        var names = NameList()
        do throws(Errno) {
            let directory = try HostDirectory.openAt(
                FileDescriptor(rawValue: AT_FDCWD), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            defer { _ = Glibc.close(directory.rawValue) }
            try names.fill(from: directory)
        } catch {
            throw .destination(name, error)
        }
        if names.count > 0 { throw .destinationNotEmpty(name) }
    }

    private static func neighbour(
        of destination: FilePath
    ) throws(TreeWriteError) -> ScratchDirectory {
        let parent = destination.removingLastComponent()
        let name = destination.lastComponent?.string ?? ""
        do {
            return try ScratchDirectory(
                in: parent.isEmpty ? "." : parent, stem: ".\(name.prefix(200)).bake-")
        } catch {
            throw .destination(destination.string, error)
        }
    }

    private static func open(_ directory: FilePath) throws(TreeWriteError) -> FileDescriptor {
        do {
            return try HostPermissions.openDirectory(directory)
        } catch {
            throw .destination(directory.string, error)
        }
    }
}
