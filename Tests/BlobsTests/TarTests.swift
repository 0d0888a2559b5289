import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

@testable import Blobs

/// Archives read back by programs we did not write.
@Suite struct TarTests {
    /// A member as `list` of the Python below has it: everything a header says.
    struct Member: Codable, Equatable {
        var type: String
        var mode: Int
        var uid: Int
        var gid: Int
        var size: Int
        var mtime: Int
        var link: String
        var device: [Int]
        var xattrs: [String: String]
    }

    private static let longName = String(repeating: "n", count: 255)
    private static let longDirectory = "d/" + String(repeating: "e", count: 200)

    /// Everything a tree can hold, at the edges of what the ustar fields can.
    private static func variedTree() -> MergedTree {
        var layer = Layer(name: "varied")
        layer.add(.directory(permissions: 0o750, mtimeSeconds: 7), at: .root)
        layer.add(.directory(permissions: 0o1777), at: "tmp")
        layer.add(.file(Bytes("plain\n".utf8), mtimeSeconds: 1_700_000_000), at: "plain")
        layer.add(.file([], permissions: 0o4755), at: "empty")
        layer.add(.file(Bytes(repeating: 0x61, count: 512)), at: "block")
        layer.add(.file(Bytes(repeating: 0x62, count: 513)), at: "block-and-one")
        layer.add(.file([1], mtimeSeconds: -86_400), at: "before-1970")
        layer.add(.file([2], mtimeSeconds: 8_589_934_591), at: "last-of-ustar")
        layer.add(.file([3], mtimeSeconds: 8_589_934_592), at: "behind-ustar")
        layer.add(.file([4]), at: TreePath(Bytes(longName.utf8))!)
        layer.add(.directory(), at: "d")
        layer.add(.directory(), at: TreePath(Bytes(longDirectory.utf8))!)
        layer.add(.file([5]), at: TreePath(Bytes("\(longDirectory)/\(longName)".utf8))!)
        layer.add(.file([6]), at: TreePath(Bytes("d/\(String(repeating: "f", count: 100))".utf8))!)
        layer.add(.file([7]), at: "gr\u{fc}n")
        layer.add(.file([8]), at: TreePath([0x6e, 0xff, 0x6f])!)
        layer.add(.symlink(to: Bytes("plain".utf8)), at: "link")
        layer.add(.symlink(to: Bytes(repeating: 0x78, count: 300)), at: "long-link")
        layer.add(.symlink(to: [0xfe, 0x2f]), at: "odd-link")
        layer.add(Node(.characterDevice(.init(major: 1, minor: 3)), permissions: 0o666), at: "null")
        layer.add(
            Node(.blockDevice(.init(major: 4095, minor: 1_048_575)), permissions: 0o660),
            at: "disk")
        layer.add(Node(.fifo, permissions: 0o600), at: "pipe")
        var owned = Node.file([9])
        (owned.uid, owned.gid) = (2_097_151, 2_097_152)
        layer.add(owned, at: "owned")
        var attributed = Node.file([10])
        attributed.xattrs = [
            .init(name: Bytes("security.capability".utf8), value: [1, 0, 0, 2, 0, 4, 0, 0]),
            .init(name: Bytes("user.a=b%c".utf8), value: Bytes("x\ny=z".utf8)),
            .init(name: Bytes("user.empty".utf8), value: []),
        ]
        layer.add(attributed, at: "attributed")
        layer.link("again", to: "attributed")
        return try! MergedTree.overlay([layer])
    }

    private func write(
        _ tree: MergedTree, to path: String, _ compression: String = "lz4",
        workerCount: Int? = nil
    ) throws -> Blob {
        let file = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create], permissions: .ownerReadWrite)
        defer { try? file.close() }  // a test's file; what counts was written before
        var options = Tar.Options()
        options.compression = try StreamCompression(parsing: compression)
        options.workerCount = workerCount
        return try Tar.write(tree, to: file, options: options)
    }

    private func scan(_ directory: TemporaryDirectory) throws -> Layer {
        try Layer.scan(directory: FilePath(directory.path("in")), name: "in")
    }

    /// Writes the tree, checks what `lz4` says of the frame, returns the archive's path.
    private func archive(of tree: MergedTree, in directory: TemporaryDirectory) throws -> String {
        let blob = try write(tree, to: directory.path("blob"))
        let bytes = try Data(contentsOf: directory.url("blob"))
        #expect(UInt64(bytes.count) == blob.byteCount)
        #expect(blob.byteCount % 4096 == 0)
        #expect(bytes[Int(blob.dataByteCount)...].allSatisfy { $0 == 0 })
        let digest = try runProcess(["sha256sum", directory.path("blob")])
        let sha256 = try #require(blob.sha256).map { String(format: "%02x", $0) }.joined()
        #expect(digest.stdoutText.split(separator: " ")[0] == sha256)
        try bytes.prefix(Int(blob.dataByteCount)).write(to: directory.url("a.tar.lz4"))
        let unpacked = try runProcess([
            "lz4", "-d", "-f", directory.path("a.tar.lz4"), directory.path("a.tar"),
        ])
        #expect(unpacked.status == 0, "\(unpacked.stderrText)")
        return directory.path("a.tar")
    }

    private static let lister = """
        import json, sys, tarfile
        members = {}
        for m in tarfile.open(sys.argv[1], 'r:', errors='surrogateescape'):
            name = m.name.encode('utf-8', 'surrogateescape').hex()
            link = m.linkname.encode('utf-8', 'surrogateescape').hex()
            x = {k[13:]: v.encode('utf-8', 'surrogateescape').hex()
                 for k, v in m.pax_headers.items() if k.startswith('SCHILY.xattr.')}
            members[name] = dict(
                type=m.type.decode(), mode=m.mode, uid=m.uid, gid=m.gid, size=m.size,
                mtime=int(m.mtime), link=link, device=[m.devmajor, m.devminor], xattrs=x)
        json.dump(members, sys.stdout)
        """

    private func expected(_ tree: MergedTree) -> [String: Member] {
        var members: [String: Member] = [:]
        var firstNames: [Int: TreePath] = [:]
        for entry in tree.entries {
            let node = tree.node(of: entry)
            let first = firstNames[entry.nodeIndex]
            firstNames[entry.nodeIndex] = first ?? entry.path
            var member = Member(
                type: "0", mode: Int(node.permissions), uid: Int(node.uid), gid: Int(node.gid),
                size: Int(node.byteCount), mtime: Int(node.mtimeSeconds), link: "",
                device: [0, 0], xattrs: [:])
            for xattr in node.xattrs where first == nil {
                let name = String(decoding: xattr.name, as: UTF8.self)
                    .replacingOccurrences(of: "%", with: "%25")
                    .replacingOccurrences(of: "=", with: "%3D")
                member.xattrs[name] = hexadecimal(xattr.value)
            }
            switch node.kind {
            case .directory: member.type = "5"
            case .symlink(let target):
                member.type = "2"
                member.link = hexadecimal(target)
            case .characterDevice(let device):
                member.type = "3"
                member.device = [Int(device.major), Int(device.minor)]
            case .blockDevice(let device):
                member.type = "4"
                member.device = [Int(device.major), Int(device.minor)]
            case .fifo: member.type = "6"
            default: break
            }
            if let first {
                member.type = "1"
                member.size = 0
                member.link = hexadecimal(first.bytes)
            }
            members[hexadecimal(entry.path.isRoot ? [0x2e] : entry.path.bytes)] = member
        }
        return members
    }

    @Test func everyFieldOfEveryMemberIsReadBack() throws {
        let directory = try TemporaryDirectory()
        let tree = Self.variedTree()
        let path = try archive(of: tree, in: directory)
        let listed = try runProcess(["python3", "-c", Self.lister, path])
        #expect(listed.status == 0, "\(listed.stderrText)")
        let members = try JSONDecoder().decode([String: Member].self, from: listed.stdout)
        let expected = expected(tree)
        #expect(Set(members.keys) == Set(expected.keys))
        for (name, member) in expected {
            #expect(members[name] == member, "\(name)")
        }
        #expect(
            try FileManager.default.attributesOfItem(atPath: path)[.size] as? UInt64
                == Tar.archiveByteCount(of: tree))
    }

    /// Devices, foreign owners and capabilities need root, so these come without. GNU tar warns of
    /// times it finds odd and of `hdrcharset`, which it takes for granted.
    @Test(arguments: [
        ("tar", ["--warning=no-timestamp", "--warning=no-unknown-keyword"]), ("bsdtar", []),
    ])
    func unpackedByAnotherTar(program: String, options: [String]) throws {
        let directory = try TemporaryDirectory()
        let tree = Self.variedTree()
        let path = try archive(of: tree, in: directory)
        let target = directory.path("tree")
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        let result = try runProcess(
            [
                program, "-x", "-p", "--no-same-owner", "--no-xattrs", "--exclude=null",
                "--exclude=disk", "-f", path, "-C", target,
            ] + options, environment: ["LC_ALL": "C.UTF-8"])
        #expect(result.status == 0, "\(result.stderrText)")
        #expect(result.stderrText == "")
        for entry in tree.entries where !entry.path.isRoot {
            try compare(entry.path, tree.node(of: entry), below: target)
        }
        #expect(inode("\(target)/again") == inode("\(target)/attributed"))
    }

    private func compare(_ path: TreePath, _ node: Node, below target: String) throws {
        let place = Bytes(target.utf8) + [UInt8(ascii: "/")] + path.bytes
        let name = place.map(CChar.init(bitPattern:)) + [0]
        var status = stat()
        switch node.kind {
        case .characterDevice, .blockDevice: return
        default: #expect(lstat(name, &status) == 0, "\(path) is missing")
        }
        #expect(Int64(status.st_mtim.tv_sec) == node.mtimeSeconds, "\(path)")
        switch node.kind {
        case .symlink(let link):
            var buffer = Bytes(repeating: 0, count: 4096)
            let count = buffer.withUnsafeMutableBytes {
                readlink(name, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
            }
            #expect(Bytes(buffer.prefix(max(count, 0))) == link, "\(path)")
        case .regular(.bytes(let bytes)):
            #expect(UInt16(status.st_mode & 0o7777) == node.permissions, "\(path)")
            let file = try FileDescriptor.open(
                name.withUnsafeBufferPointer { FilePath(platformString: $0.baseAddress!) },
                .readOnly)
            defer { try? file.close() }  // read only
            var contents = Bytes(repeating: 0, count: bytes.count + 1)
            let count = try contents.withUnsafeMutableBytes { try file.read(into: $0) }
            #expect(Bytes(contents.prefix(count)) == bytes, "\(path)")
        default:
            #expect(UInt16(status.st_mode & 0o7777) == node.permissions, "\(path)")
        }
    }

    private func inode(_ path: String) -> UInt64 {
        var status = stat()
        return lstat(path, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    @Test func attributesGetTheirNamesBackFromGNUTar() throws {
        let directory = try TemporaryDirectory()
        let path = try archive(of: Self.variedTree(), in: directory)
        let listed = try runProcess(["tar", "-tvv", "--xattrs", "--xattrs-include=*", "-f", path])
        #expect(listed.stdoutText.contains("user.a=b%c"))
        #expect(listed.stdoutText.contains("security.capability"))
    }

    @Test(arguments: ["lz4", "zstd", "gzip", "xz", "none"])
    func theSameTreeIsTheSameBytes(compression: String) throws {
        let directory = try TemporaryDirectory()
        let first = try write(
            Self.variedTree(), to: directory.path("1"), compression, workerCount: 1)
        for workerCount in [2, 3, 8] {
            let path = directory.path("\(workerCount)")
            let other = try write(Self.variedTree(), to: path, compression, workerCount: workerCount)
            #expect(other == first, "\(workerCount) threads")
            let compared = try runProcess(["cmp", directory.path("1"), path])
            #expect(compared.status == 0, "\(compared.stdoutText)")
        }
        #expect(first.compression == compression)
        #expect(first.byteCount % 4096 == 0)
    }

    /// Contents that cross the stream's blocks, from a file, holes included; both tars find the
    /// compression by themselves, and do not mind the zeros behind it.
    @Test(arguments: ["lz4", "lz4:9", "zstd", "zstd:12", "gzip", "xz:1", "none"])
    func largeFilesComeThroughWhole(compression: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write("", to: "in/large")
        let file = try FileHandle(forUpdating: directory.url("in/large"))
        for index in 0..<9 {
            try file.write(contentsOf: Data(repeating: UInt8(index), count: 1 << 20))
        }
        try file.write(contentsOf: Data(CompressedStreamTests.contents(300_001)))
        try file.truncate(atOffset: 13 << 20)
        try file.close()
        let tree = try MergedTree.overlay([try scan(directory)])
        let blob = try write(tree, to: directory.path("blob"), compression)
        let script = """
            set -e
            head -c \(blob.dataByteCount) blob > a
            bsdtar -xOf a large | cmp - in/large
            tar -xOf a large 2> err | cmp - in/large || { cat err >&2; exit 1; }
            """
        let compared = try runProcess(["sh", "-c", script], in: directory.path)
        #expect(compared.status == 0, "\(compared.stdoutText)\(compared.stderrText)")
    }

    @Test func aSocketIsRefusedByName() throws {
        let directory = try TemporaryDirectory()
        var layer = Layer(name: "a")
        layer.add(Node(.socket, permissions: 0o777), at: "run/app.sock")
        let tree = try MergedTree.overlay([layer])
        let error = #expect(throws: BlobError.self) {
            try write(tree, to: directory.path("blob"))
        }
        #expect(
            error?.description.hasPrefix("cannot store '/run/app.sock': it is a socket") == true)
    }

    @Test(arguments: ["lz4", "zstd", "xz"])
    func aFileThatChangedIsRefused(compression: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write("before", to: "in/file")
        let tree = try MergedTree.overlay([try scan(directory)])
        try directory.write("afterwards", to: "in/file")
        let error = #expect(throws: BlobError.self) {
            try write(tree, to: directory.path("blob"), compression)
        }
        guard case .tree(.changed) = error else {
            Issue.record("another error: \(error?.description ?? "none")")
            return
        }
    }

    @Test func contentsBeyondUstarsEightGibibytes() {
        var node = Node.file([])
        #expect(TarHeader.encode("f", node, linkTo: nil).count == 512)
        let host = TarHeader.padded((8 << 30) + 1)
        #expect(host == (8 << 30) + 512)
        node.uid = 2_097_152
        let header = TarHeader.encode("f", node, linkTo: nil)
        #expect(header.count == 3 * 512)
        #expect(String(decoding: header[512..<525], as: UTF8.self) == "15 uid=209715")
    }

    /// A record's length counts its own digits: around the step from two to three, and to four.
    @Test(arguments: [85, 86, 87, 88, 89, 90, 91, 984, 985, 986, 987, 988])
    func recordsCountThemselves(valueCount: Int) throws {
        var node = Node.file([])
        node.xattrs = [
            .init(name: Bytes("user.a".utf8), value: Bytes(repeating: 0x76, count: valueCount))
        ]
        let header = TarHeader.encode("f", node, linkTo: nil)
        let records = header[512...]
        let digits = String(decoding: records.prefix { $0 != 0x20 }, as: UTF8.self)
        let length = try #require(Int(digits))
        #expect(records[records.startIndex + length - 1] == UInt8(ascii: "\n"))
        #expect(length == digits.count + 1 + "SCHILY.xattr.user.a=".count + valueCount + 1)
    }
}

private func hexadecimal(_ bytes: Bytes) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
}
