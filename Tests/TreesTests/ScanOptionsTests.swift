import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

private let isRoot = geteuid() == 0

private func scan(_ directory: TemporaryDirectory, _ options: ScanOptions) throws -> Layer {
    var options = options
    options.owner = .root
    return try Layer.scan(
        directory: FilePath(directory.path), name: "tree", options: options)
}

private func place(_ path: TreePath) -> HostPlace { HostPlace(tree: "tree", path: path) }

/// What is left out on request.
@Suite struct ScanExclusionTests {
    @Test func excludedDirectoriesGoWithAllTheyHold() throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .directory("a"), .directory("a/cache"), .file("a/cache/x"), .file("a/kept"),
            .file("b.pyc"), .directory("closed", mode: 0o000),
        ])
        defer { chmod(directory.path("closed"), 0o755) }
        let layer = try scan(
            directory,
            ScanOptions(excluding: { ["a/cache", "b.pyc", "closed"].contains($0) }))
        #expect(layer.entries.map(\.path) == ["", "a", "a/kept"])
        #expect(layer.notes == [.excluded(tree: "tree", count: 3)])
        #expect(layer.notes[0].description == "3 names of 'tree' left out as excluded")
    }

    @Test func theRootIsNeverAskedFor() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.file("x")])
        let layer = try scan(directory, ScanOptions(excluding: { _ in true }))
        #expect(layer.entries.map(\.path) == [""])
    }

    /// The oracle is setfacl itself: dropping a list leaves what `setfacl -b` leaves.
    @Test func droppedAccessControlLists() throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .file("f", "x", mode: 0o640), .accessControlList("f", "u:65534:rw"),
            .file("g", "x", mode: 0o604), .accessControlList("g", "g:65534:rwx"),
            .directory("d", mode: 0o750), .accessControlList("d", "d:u:65534:rwx"),
            .directory("e", mode: 0o2711), .accessControlList("e", "u:65534:rwx,m::r-x"),
            .file("plain"), .allTimes(0),
        ])
        let layer = try scan(directory, ScanOptions(dropsACLs: true))
        #expect(layer.notes == [.accessControlListsDropped(first: place("d"), count: 4)])
        #expect(
            layer.notes[0].description
                == "the access control lists of 4 files were left out (first: 'tree/d')")
        let names = ["f", "g", "d", "e"].map(directory.path)
        #expect(try runProcess(["setfacl", "-b"] + names).status == 0)
        let without = try scan(directory, ScanOptions())
        let text = try MergedTree.overlay([layer]).text
        #expect(try MergedTree.overlay([without]).text == text)
        #expect(without.notes.isEmpty)
    }
}

/// What is mounted inside a tree, or under it.
@Suite(.serialized) struct ScanMountTests {
    @Test(arguments: [
        ("/proc", "proc"), ("/proc/self/fdinfo", "proc"), ("/sys/kernel", "sysfs"),
        ("/dev/pts", "devpts"),
    ])
    func specialFileSystemsAreNoTrees(path: String, fileSystem: String) throws {
        let error = #expect(throws: TreeError.self) {
            try Layer.scan(directory: FilePath(path), name: path)
        }
        #expect(
            error?.description == """
                cannot read the tree '\(path)': it is in a file system of the running kernel, \
                \(fileSystem)
                  hint: copy what is needed from it into a directory
                """)
    }

    /// Mounts something below a directory, for as long as `body` runs. Takes root.
    private func mounted(
        _ arguments: [String], at name: String, in directory: TemporaryDirectory,
        _ body: () throws -> Void
    ) throws {
        let target = directory.path(name)
        let result = try runProcess(["mount"] + arguments + [target])
        guard result.status == 0 else { throw TestFailure(result.stderrText) }
        let ended = Result { try body() }
        try runProcess(["umount", "-l", target])
        try ended.get()
    }

    @Test(.enabled(if: isRoot)) func aMountIsPartOfTheTreeAndSaid() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.directory("mnt"), .file("mnt/hidden"), .file("beside")])
        try mounted(["-t", "tmpfs", "none"], at: "mnt", in: directory) {
            try directory.make([.file("mnt/inside"), .directory("mnt/d")])
            let layer = try scan(directory, ScanOptions())
            #expect(
                layer.entries.map(\.path) == ["", "beside", "mnt", "mnt/d", "mnt/inside"])
            #expect(layer.notes == [.mountInside(place("mnt"))])
            let alone = try scan(directory, ScanOptions(staysOnFileSystem: true))
            #expect(alone.entries.map(\.path) == ["", "beside", "mnt"])
            #expect(alone.notes == [.otherFileSystemLeftOut(place("mnt"))])
        }
    }

    /// The same file system once more: the device is the same, the mount is one all the same.
    @Test(.enabled(if: isRoot)) func aBindMountIsSaid() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.directory("mnt"), .directory("other"), .file("other/x")])
        try mounted(["--bind", directory.path("other")], at: "mnt", in: directory) {
            for stays in [false, true] {
                let layer = try scan(directory, ScanOptions(staysOnFileSystem: stays))
                #expect(layer.entries.map(\.path) == ["", "mnt", "mnt/x", "other", "other/x"])
                #expect(layer.notes == [.mountInside(place("mnt"))])
            }
        }
    }

    /// As containers mount /etc/resolv.conf.
    @Test(.enabled(if: isRoot)) func aFileMountedOverAFile() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.directory("mnt"), .file("f", "below")])
        try mounted(["-t", "tmpfs", "none"], at: "mnt", in: directory) {
            try directory.make([.file("mnt/f", "mounted")])
            try mounted(["--bind", directory.path("mnt/f")], at: "f", in: directory) {
                let layer = try scan(directory, ScanOptions(excluding: { $0 == "mnt" }))
                #expect(layer["f"]?.byteCount == 7)
                #expect(layer.notes.contains(.mountInside(place("f"))))
                let alone = try scan(directory, ScanOptions(staysOnFileSystem: true))
                #expect(alone.entries.map(\.path) == ["", "mnt"])
                #expect(alone.notes.contains(.otherFileSystemLeftOut(place("f"))))
            }
        }
    }

    @Test(.enabled(if: isRoot), arguments: [("/proc", "proc"), ("/sys", "sysfs")])
    func specialFileSystemsInside(source: String, fileSystem: String) throws {
        let directory = try TemporaryDirectory()
        try directory.make([.directory("mnt"), .file("x")])
        try mounted(["--bind", source], at: "mnt", in: directory) {
            let error = #expect(throws: TreeError.self) { try scan(directory, ScanOptions()) }
            #expect(error == .specialFileSystem(place("mnt"), name: fileSystem))
            for options in [
                ScanOptions(staysOnFileSystem: true), ScanOptions(excluding: { $0 == "mnt" }),
            ] {
                let layer = try scan(directory, options)
                #expect(layer["x"] != nil)
            }
        }
    }

    /// `ip netns` keeps name spaces so.
    @Test(.enabled(if: isRoot)) func aSpecialFile() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.file("ns")])
        try mounted(["--bind", "/proc/self/ns/uts"], at: "ns", in: directory) {
            let error = #expect(throws: TreeError.self) { try scan(directory, ScanOptions()) }
            #expect(error == .specialFileSystem(place("ns"), name: "nsfs"))
        }
    }
}
