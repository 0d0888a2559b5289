internal import Glibc
internal import SystemPackage
internal import Trees

/// The directory an edit works in: the copy of the tree, and files of our own beside it.
struct Workshop: ~Copyable {
    /// Of the edit, in messages.
    let name: String
    private let scratch: ScratchDirectory
    /// Those the tree has.
    private var hadMountPoints: Set<TreePath> = []

    init(in directory: FilePath, number: Int) throws(EditError) {
        name = "edit \(number)"
        do throws(Errno) {
            scratch = try ScratchDirectory(in: try directory.absolute(), stem: ".bake-edit-")
        } catch {
            throw .scratch(directory: directory.string, error)
        }
    }

    /// Absolute: commands and tools see it from elsewhere.
    var path: FilePath { scratch.path }
    var tree: FilePath { scratch.path.appending("tree") }

    /// Directories that things are mounted on, made where the tree has none.
    static let mountPoints: [TreePath] = ["dev", "proc"]

    /// Those an attempt has made for nothing. What is not empty is not ours.
    func removeMountPoints() {
        for path in Self.mountPoints where !hadMountPoints.contains(path) {
            rmdir(tree.appending(String(decoding: path.bytes, as: UTF8.self)).string)
        }
    }

    /// The copy: with every mode, attribute and owner that we are allowed to give. What we are not
    /// allowed to give stays what it is in the tree unless the commands change it.
    mutating func write(_ tree: MergedTree) throws(EditError) -> [EditNote] {
        hadMountPoints = Set(tree.entries.map(\.path)).intersection(Self.mountPoints)
        let isRoot = geteuid() == 0
        let options = TreeWriter.Options(
            keepsOwners: isRoot, keepsPrivileges: true, makesDevices: isRoot)
        do {
            let notes = try TreeWriter.write(tree, to: self.tree, options: options)
            return notes.filter { $0.matter == .device }
                .map { .devicesNotInCopy(count: $0.count, examples: $0.examples) }
        } catch {
            throw .copy(error)
        }
    }

    func snapshot(
        leaving permissions: DirectorySnapshot.Permissions
    ) throws(EditError) -> DirectorySnapshot {
        do {
            return try DirectorySnapshot.take(of: tree, called: name, leaving: permissions)
        } catch {
            throw .tree(error)
        }
    }

    /// What the file system holds for now: its clock may be another machine's, and is coarser than
    /// the one programs read.
    func time() throws(EditError) -> DirectorySnapshot.Moment {
        var status = stat()
        do throws(Errno) {
            let file = try file("clock")
            defer { close(file.rawValue) }
            var byte: UInt8 = 0
            guard Glibc.write(file.rawValue, &byte, 1) == 1, fstat(file.rawValue, &status) == 0
            else {
                throw Errno(rawValue: errno)
            }
        } catch {
            throw .scratch(directory: path.string, error)
        }
        return .init(
            seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec))
    }

    /// An empty file of our own, beside the copy. The caller closes it.
    func file(_ name: String) throws(Errno) -> FileDescriptor {
        let flags = O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
        let number = open(path.appending(name).string, flags, 0o600)
        guard number >= 0 else { throw Errno(rawValue: errno) }
        return FileDescriptor(rawValue: number)
    }

    consuming func remove() throws(Errno) {
        try scratch.remove()
    }
}

extension FilePath {
    fileprivate func absolute() throws(Errno) -> FilePath {
        guard let resolved = realpath(isEmpty ? "." : string, nil) else {
            throw Errno(rawValue: errno)
        }
        defer { free(resolved) }
        return FilePath(platformString: resolved)
    }
}
