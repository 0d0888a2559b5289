import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

@testable import Blobs

/// Newc archives read back by programs we did not write.
@Suite struct NewcTests {
    private static let longName = String(repeating: "n", count: 255)

    /// Everything a tree can hold but extended attributes.
    static func variedTree() -> MergedTree {
        var layer = Layer(name: "varied")
        layer.add(.directory(permissions: 0o750, mtimeSeconds: 7), at: .root)
        layer.add(.directory(permissions: 0o1777), at: "tmp")
        layer.add(.file(Bytes("plain\n".utf8), mtimeSeconds: 1_700_000_000), at: "plain")
        layer.add(.file([], permissions: 0o4755), at: "empty")
        for count in 1...5 {
            layer.add(
                .file(Bytes(repeating: 0x61, count: count)), at: .root.appending("s\(count)".utf8))
        }
        layer.add(.file([1], mtimeSeconds: Int64(UInt32.max)), at: "last-time")
        layer.add(.file([4]), at: TreePath(Bytes(longName.utf8))!)
        layer.add(.file([7]), at: "gr\u{fc}n")
        layer.add(.file([8]), at: TreePath([0x6e, 0xff, 0x20, 0x5c, 0x0a])!)
        layer.add(.file([9]), at: "-rf")
        var directory = TreePath.root
        for _ in 0..<8 {
            directory = directory.appending(Bytes(repeating: 0x64, count: 250))
            layer.add(.directory(), at: directory)
        }
        layer.add(.symlink(to: Bytes("plain".utf8)), at: "link")
        layer.add(.symlink(to: Bytes(repeating: 0x78, count: 4095)), at: "long-link")
        layer.add(.symlink(to: [0xfe, 0x2f]), at: "odd-link")
        layer.add(Node(.characterDevice(.init(major: 1, minor: 3)), permissions: 0o666), at: "null")
        layer.add(
            Node(.blockDevice(.init(major: 4095, minor: 1_048_575)), permissions: 0o660),
            at: "disk")
        layer.add(Node(.fifo, permissions: 0o600), at: "pipe")
        layer.add(Node(.socket, permissions: 0o755), at: "socket")
        var owned = Node.file([9])
        (owned.uid, owned.gid) = (1000, 4_294_967_294)
        layer.add(owned, at: "owned")
        layer.add(.file(Bytes("shared".utf8), permissions: 0o600, mtimeSeconds: 9), at: "a-name")
        layer.link("tmp/its-last", to: "a-name")
        layer.link("b-name", to: "a-name")
        layer.add(.file([]), at: "nothing")
        layer.link("nothing-too", to: "nothing")
        layer.link("link-too", to: "link")
        layer.link("null-too", to: "null")
        return try! MergedTree.overlay([layer])
    }

    struct Written {
        let directory: TemporaryDirectory
        let path: String
        let blob: Blob
    }

    static func write(
        _ tree: MergedTree, _ algorithm: StreamAlgorithm = .none,
        options change: (inout Newc.Options) -> Void = { _ in }
    ) throws -> Written {
        let directory = try TemporaryDirectory()
        let path = directory.path("archive")
        let file = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .exclusiveCreate],
            permissions: .ownerReadWrite)
        defer { try? file.close() }  // a test's file; what counts was written before
        var options = Newc.Options(try StreamCompression(algorithm))
        change(&options)
        let blob = try Newc.write(tree, to: file, options: options)
        return Written(directory: directory, path: path, blob: blob)
    }

    // MARK: libarchive

    /// What bsdtar's listing says of every member: keyword and value, by path.
    private func members(of archive: String) throws -> [Bytes: [String: String]] {
        let keywords = "!all,nlink,time,mode,uid,gid,inode,device,type,link,size,sha256"
        let listed = try runProcess([
            "bsdtar", "-cf", "-", "--format=mtree", "--options", "mtree:\(keywords)",
            "@\(archive)",
        ])
        #expect(listed.status == 0 && listed.stderrText == "", "\(listed.stderrText)")
        var members: [Bytes: [String: String]] = [:]
        for line in listed.stdoutText.split(separator: "\n").dropFirst() {
            let words = line.split(separator: " ").map(String.init)
            var member: [String: String] = [:]
            for word in words.dropFirst() {
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                member[parts[0]] = parts[1]
            }
            let name = unescaped(words[0])
            members[name == Bytes(".".utf8) ? [] : Bytes(name.dropFirst(2))] = member
        }
        return members
    }

    /// mtree(5) writes odd bytes as three octal digits.
    private func unescaped(_ word: String) -> Bytes {
        var bytes = Bytes()
        var rest = Bytes(word.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\") {
                bytes.append(UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)!)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    @Test func everyFieldOfEveryMemberIsReadBackByLibarchive() throws {
        let tree = Self.variedTree()
        let written = try Self.write(tree)
        let members = try members(of: written.path)
        #expect(Set(members.keys) == Set(tree.entries.map(\.path.bytes)))
        let counts = tree.entries.reduce(into: [:]) { $0[$1.nodeIndex, default: 0] += 1 }
        var namesLeft = counts
        // From 1, in the order of the first names.
        var inodes: [Int: Int] = [:]
        for entry in tree.entries {
            let node = tree.node(of: entry)
            let member = try #require(members[entry.path.bytes], "\(entry.path)")
            namesLeft[entry.nodeIndex]! -= 1
            let inode = inodes[entry.nodeIndex] ?? inodes.count + 1
            inodes[entry.nodeIndex] = inode
            #expect(member["mode"] == String(node.permissions, radix: 8), "\(entry.path)")
            #expect(member["uid"] == "\(node.uid)" && member["gid"] == "\(node.gid)")
            #expect(member["time"] == "\(node.mtimeSeconds).0", "\(entry.path)")
            #expect(member["inode"] == "\(inode)")
            if !node.isDirectory, counts[entry.nodeIndex]! > 1 {
                #expect(member["nlink"] == "\(counts[entry.nodeIndex]!)", "\(entry.path)")
            }
            try compare(member, node, entry.path, isLastName: namesLeft[entry.nodeIndex] == 0)
        }
    }

    private func compare(
        _ member: [String: String], _ node: Node, _ path: TreePath, isLastName: Bool
    ) throws {
        switch node.kind {
        case .directory: #expect(member["type"] == "dir", "\(path)")
        case .fifo: #expect(member["type"] == "fifo", "\(path)")
        case .socket: #expect(member["type"] == "socket", "\(path)")
        case .characterDevice(let device):
            #expect(member["type"] == "char", "\(path)")
            #expect(member["device"] == "native,\(device.major),\(device.minor)", "\(path)")
        case .blockDevice(let device):
            #expect(member["type"] == "block", "\(path)")
            #expect(member["device"] == "native,\(device.major),\(device.minor)", "\(path)")
        case .symlink(let target):
            #expect(member["type"] == "link", "\(path)")
            #expect(unescaped(member["link"] ?? "") == target, "\(path)")
        case .regular(let content):
            guard case .bytes(let bytes) = content else { return }
            #expect(member["type"] == "file", "\(path)")
            #expect(member["size"] == (isLastName ? "\(bytes.count)" : "0"), "\(path)")
            let scratch = try TemporaryDirectory()
            try Data(isLastName ? bytes : []).write(to: scratch.url("content"))
            let digest = try runProcess(["sha256sum", scratch.path("content")])
            let sha256 = try #require(member["sha256digest"], "\(path)")
            #expect(digest.stdoutText.hasPrefix(sha256), "\(path)")
        }
    }

    // MARK: Unpacking

    /// Devices and foreign owners need root, so these come without. A name with a newline is none
    /// that a pattern of cpio's could leave out, so it stays.
    @Test(arguments: [
        [
            "cpio", "-idm", "--quiet", "--no-absolute-filenames", "--nonmatching", "null*", "disk",
            "socket",
        ],
        ["bsdcpio", "-idm", "--quiet", "-f", "null*", "-f", "disk", "-f", "socket"],
    ])
    func unpackedByAnotherProgram(command: [String]) throws {
        let tree = Self.variedTree()
        let written = try Self.write(tree)
        let target = written.directory.path("tree")
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        let result = try runProcess(
            command, input: Data(contentsOf: URL(fileURLWithPath: written.path)),
            environment: ["LC_ALL": "C.UTF-8"], in: target)
        #expect(result.status == 0 && result.stderrText == "", "\(result.stderrText)")
        let isDevice = { (node: Node) -> Bool in
            switch node.kind {
            case .characterDevice, .blockDevice, .socket: true
            default: false
            }
        }
        let unpacked = try MergedTree.overlay([
            Layer.scan(directory: FilePath(target), name: "t", options: ScanOptions(owner: .root))
        ])
        // The directory the archive is unpacked in stays what it is; GNU cpio leaves times of links.
        for entry in tree.entries where !entry.path.isRoot && !isDevice(tree.node(of: entry)) {
            let node = tree.node(of: entry)
            let read = try #require(unpacked[entry.path], "\(entry.path)")
            // bsdcpio gives setuid to root alone.
            #expect(read.permissions & 0o1777 == node.permissions & 0o1777, "\(entry.path)")
            #expect(read.kind.noun == node.kind.noun)
            #expect(read.byteCount == node.byteCount, "\(entry.path)")
            if case .regular = node.kind {
                #expect(read.mtimeSeconds == node.mtimeSeconds, "\(entry.path)")
            }
        }
        let shared = ["a-name", "b-name", "tmp/its-last"].map {
            unpacked.entry(at: TreePath(Bytes($0.utf8))!)?.nodeIndex
        }
        #expect(shared[0] != nil && Set(shared).count == 1)
        #expect(try String(contentsOfFile: "\(target)/b-name", encoding: .utf8) == "shared")
        #expect(
            unpacked.entry(at: "nothing")?.nodeIndex == unpacked.entry(at: "nothing-too")?.nodeIndex
        )
    }

    @Test func cpioListsDevicesAndOwners() throws {
        let written = try Self.write(Self.variedTree())
        let listed = try runProcess(
            ["cpio", "-itv", "--numeric-uid-gid", "--quiet"],
            input: Data(contentsOf: URL(fileURLWithPath: written.path)),
            environment: ["LC_ALL": "C", "TZ": "UTC"])
        #expect(listed.status == 0 && listed.stderrText == "", "\(listed.stderrText)")
        let lines = listed.stdoutText.split(separator: "\n").map {
            $0.split(separator: " ").joined(separator: " ")
        }
        for line in [
            "brw-rw---- 1 0 0 4095, 1048575 Jan 1 1970 disk",
            "crw-rw-rw- 2 0 0 1, 3 Jan 1 1970 null",
            "crw-rw-rw- 2 0 0 1, 3 Jan 1 1970 null-too",
            "prw------- 1 0 0 0 Jan 1 1970 pipe", "srwxr-xr-x 1 0 0 0 Jan 1 1970 socket",
            "-rw-r--r-- 1 1000 4294967294 1 Jan 1 1970 owned",
            "lrwxrwxrwx 2 0 0 5 Jan 1 1970 link-too -> plain",
            "drwxr-x--- 2 0 0 0 Jan 1 1970 .",
        ] {
            let isListed = lines.contains(line)
            #expect(isListed, "\(line)")
        }
    }

    // MARK: Compression

    static let programs: [(StreamAlgorithm, [String])] = [
        (.gzip, ["gzip", "-dc"]), (.zstd, ["zstd", "-dc"]), (.xz, ["xz", "-dc"]),
        (.lz4Legacy, ["lz4", "-dc"]), (.none, ["cat"]),
    ]

    /// Nothing stands behind a stream that its program would complain of, and the archive in it is
    /// the same.
    @Test(arguments: programs)
    func compressed(algorithm: StreamAlgorithm, program: [String]) throws {
        let tree = Self.variedTree()
        let plain = try Self.write(tree)
        let written = try Self.write(tree, algorithm)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: written.path))
        #expect(UInt64(bytes.count) == written.blob.byteCount)
        let unpacked = try runProcess(program, input: bytes)
        #expect(unpacked.status == 0 && unpacked.stderrText == "", "\(unpacked.stderrText)")
        #expect(try unpacked.stdout == Data(contentsOf: URL(fileURLWithPath: plain.path)))
        let digest = try runProcess(["sha256sum", written.path])
        let sha256: [UInt8]? = written.blob.sha256
        #expect(sha256.map { digest.stdoutText.hasPrefix($0.hexadecimal) } == true)
    }

    /// Debian's dracut-core has it; it finds out by itself how an initrd is compressed.
    @Test(arguments: programs.map(\.0))
    func lsinitrd(algorithm: StreamAlgorithm) throws {
        let written = try Self.write(Self.variedTree(), algorithm)
        let listed = try runProcess(["lsinitrd", written.path], environment: ["LC_ALL": "C"])
        #expect(listed.status == 0, "\(listed.stderrText)")
        for name in ["tmp/its-last", "link -> plain", "s5"] {
            #expect(listed.stdoutText.contains(" \(name)\n"), "\(name)")
        }
        let file = try runProcess(["lsinitrd", "-f", "plain", written.path])
        #expect(file.stdoutText == "plain\n", "\(file.stderrText)")
    }

    @Test func theSameTreeIsTheSameBytesForAnyNumberOfThreads() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.directory("in"), .noise("in/noise", byteCount: 9_000_000)])
        let tree = try MergedTree.overlay([
            Layer.scan(directory: FilePath(directory.path("in")), name: "in")
        ])
        for algorithm in [StreamAlgorithm.zstd, .gzip, .lz4Legacy] {
            let digests = try [1, 2, 5].map { count in
                try Self.write(tree, algorithm) { $0.workerCount = count }.blob.sha256
            }
            #expect(Set(digests).count == 1, "\(algorithm)")
        }
    }

    @Test func aFileWithHolesComesThroughWhole() throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .directory("in"), .sparseFile("in/large", byteCount: 20 << 20, end: "end"),
        ])
        let tree = try MergedTree.overlay([
            Layer.scan(directory: FilePath(directory.path("in")), name: "in")
        ])
        let written = try Self.write(tree, .zstd)
        #expect(written.blob.byteCount < 1 << 20)
        let compared = try runProcess(
            [
                "sh", "-c",
                "zstd -dc '\(written.path)' | cpio -i --quiet --to-stdout large | cmp - in/large",
            ],
            in: directory.path)
        #expect(compared.status == 0, "\(compared.stdoutText)\(compared.stderrText)")
    }
}
