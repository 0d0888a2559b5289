internal import Glibc
public import SystemPackage

/// Looks single files up in a directory tree of this machine, where `Layer.scan` reads all of it.
///
/// No symbolic link is ever followed: every directory on the way is opened from the one above it,
/// so that neither links nor races lead out of the tree. Whoever wants links followed looks up
/// where they lead.
public final class HostLookup {
    private let directory: HostDirectory
    private var reading: NodeReading
    private var names = NameList()
    /// Directories that are open. Nil: there is no such directory.
    private var levels: [TreePath: OpenDirectory?] = [:]
    private var nodes: [TreePath: Node?] = [:]

    /// Descriptors are few (RLIMIT_NOFILE, often 1024), directories of a file system are not.
    private static let openDirectoryLimit = 128

    /// - Parameters:
    ///   - name: the tree as the user wrote it, for messages.
    ///   - options: of these, the owner rule and what is done about access control lists and
    ///     changing files.
    public init(
        directory: FilePath, name: String, options: ScanOptions = ScanOptions()
    ) throws(TreeError) {
        self.directory = try HostDirectory.open(
            directory, name: name, mayChange: options.mayChange)
        reading = NodeReading(directory: self.directory, options: options)
    }

    /// What reading the nodes had to say.
    public var notes: [Note] { reading.notes }

    /// What stands at a path whose directories are directories, not links to some. Nil when nothing
    /// does.
    public func node(at path: TreePath) throws(TreeError) -> Node? {
        if let known = nodes[path] { return known }
        let node = try lookUp(path)
        nodes[path] = .some(node)
        return node
    }

    /// The names in a directory, sorted; none when there is no such directory.
    public func names(in path: TreePath) throws(TreeError) -> [Bytes] {
        guard let level = try level(at: path) else { return [] }
        do {
            // Opened anew: a descriptor is listed once, from its beginning.
            let listed = try level.directory([0x2e, 0])
            try names.fill(from: listed.descriptor)
        } catch {
            throw .failed(.listDirectory, place(path), error)
        }
        return (0..<names.count).map { index in
            Bytes(UnsafeRawBufferPointer(start: names[index], count: strlen(names[index])))
        }
    }

    private func place(_ path: TreePath) -> HostPlace {
        HostPlace(tree: directory.name, path: path)
    }

    private func lookUp(_ path: TreePath) throws(TreeError) -> Node? {
        guard let parent = path.parent else {
            guard let root = try level(at: .root) else { return nil }
            return try reading.node(.directory, root.status, ".", in: root, .root)
        }
        guard let level = try level(at: parent) else { return nil }
        let name = path.name.terminated
        let status: FileStatus
        do {
            status = try FileStatus.read(level.descriptor, name)
        } catch .noSuchFileOrDirectory, .fileNameTooLong {
            return nil
        } catch {
            throw .failed(.readStatus, place(path), error)
        }
        let kind = try reading.kind(of: name, status, in: level, path)
        return try reading.node(kind, status, name, in: level, path)
    }

    private func level(at path: TreePath) throws(TreeError) -> OpenDirectory? {
        if let known = levels[path] { return known }
        let opened = try open(path)
        if levels.count >= Self.openDirectoryLimit { levels.removeAll(keepingCapacity: true) }
        levels[path] = .some(opened)
        return opened
    }

    private func open(_ path: TreePath) throws(TreeError) -> OpenDirectory? {
        var parent: OpenDirectory?
        if let parentPath = path.parent {
            parent = try level(at: parentPath)
            if parent == nil { return nil }
        }
        let opened: OpenDirectory
        do throws(Errno) {
            let above = parent?.descriptor ?? directory.descriptor
            opened = try Self.open(path.name.terminated, in: above)
        } catch .noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels,
            .fileNameTooLong
        {
            return nil
        } catch {
            throw .failed(.openDirectory, place(path), error)
        }
        if opened.status.identity.device != parent?.status.identity.device {
            try refuseSpecial(opened, path)
        }
        return opened
    }

    /// - Parameter name: empty for the directory that it would be in.
    private static func open(
        _ name: [CChar], in parent: FileDescriptor
    ) throws(Errno) -> OpenDirectory {
        let name = name == [0] ? [0x2e, 0] : name
        let flags = O_DIRECTORY | O_NOFOLLOW
        do throws(Errno) {
            return try OpenDirectory(HostDirectory.openAt(parent, name, O_RDONLY | flags))
        } catch .permissionDenied {
            // What may be searched but not listed (mode 0711).
            return try OpenDirectory(HostDirectory.openAt(parent, name, pathOnly | flags))
        }
    }

    /// O_PATH of asm-generic/fcntl.h; Swift's Glibc module leaves GNU's names out.
    private static let pathOnly: Int32 = 0o10000000

    private func refuseSpecial(_ opened: OpenDirectory, _ path: TreePath) throws(TreeError) {
        let fileSystem: String?
        do {
            fileSystem = try SpecialFileSystem.name(of: opened.descriptor)
        } catch {
            throw .failed(.readStatus, place(path), error)
        }
        if let fileSystem { throw .specialFileSystem(place(path), name: fileSystem) }
    }
}
