internal import Blobs
internal import Glibc
internal import SystemPackage
internal import Trees

/// What a file given as a tree is, by its first bytes.
enum TreeFileKind: Equatable {
    case squashfs
    /// A Linux kernel image, as ours are; whether it is one of ours is found out by opening it.
    case image
    case archive

    /// How many bytes it takes to tell.
    static let headByteCount = 0x206

    init(firstBytes head: Bytes) {
        if head.starts(with: "hsqs".utf8) {
            self = .squashfs
        } else if head.count >= Self.headByteCount, head[0x1fe] == 0x55, head[0x1ff] == 0xaa,
            head[0x202..<0x206].elementsEqual("HdrS".utf8)
        {
            // Documentation/arch/x86/boot.rst: boot_flag and header.
            self = .image
        } else {
            self = .archive
        }
    }
}

extension TreeFileKind {
    /// What cannot be opened or is no file is left to whoever reads archives to refuse.
    init(ofFileAt path: String) {
        var head = Bytes(repeating: 0, count: Self.headByteCount)
        // O_NONBLOCK: a pipe without a writer must not hang the bake.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        let count = pread(descriptor, &head, head.count, 0)
        if descriptor >= 0 { close(descriptor) }
        self.init(firstBytes: Bytes(head.prefix(max(0, count))))
    }
}

extension Layer {
    /// The file system in a file, whole.
    static func read(squashfs path: FilePath, scratch: FilePath) throws(BakeError) -> Layer {
        let file: FileDescriptor
        let byteCount: Int64
        do {
            file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            byteCount = try file.seek(offset: 0, from: .end)
        } catch {
            throw BakeError(.missingInput, "cannot read '\(path)': \(error)")
        }
        defer { try? file.close() }  // only read
        let before = FileVersion(file)
        let layer = Result { () throws(SquashFSReadError) in
            try SquashFS.read(
                file, byteCount: UInt64(byteCount), name: path.string, scratch: scratch)
        }
        // A file that changes looks damaged; that it changed is the better reason.
        guard FileVersion(file) == before else {
            throw BakeError(.changed(HostPlace(tree: path.string, path: .root), .modified))
        }
        do throws(SquashFSReadError) {
            return try layer.get()
        } catch {
            throw BakeError(error)
        }
    }

    /// With the owners that `--owner` asks for. What belongs to the user who bakes is a matter of
    /// this machine, not of a file system in a file.
    func owned(by rule: OwnerRule) -> Layer {
        if case .mapped = rule { return self }
        let owned = nodes.map { node in
            var owned = node
            (owned.uid, owned.gid) = rule.owner(uid: node.uid, gid: node.gid)
            return owned
        }
        return Layer(name: name, nodes: owned, entries: entries, notes: notes)
    }
}

/// What tells one state of an open file from another.
private struct FileVersion: Equatable {
    private let byteCount: Int
    private let mtimeSeconds: Int
    private let mtimeNanoseconds: Int

    init(_ file: FileDescriptor) {
        var status = stat()
        fstat(file.rawValue, &status)
        byteCount = status.st_size
        mtimeSeconds = status.st_mtim.tv_sec
        mtimeNanoseconds = status.st_mtim.tv_nsec
    }
}
