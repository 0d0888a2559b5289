import Foundation
import Glibc
import Programs
import SystemPackage
import TestSupport
import Testing
import Trees

/// What programs need besides libraries, and how the way there is kept.
@Suite struct NeedsTests {
    // MARK: Links

    @Test func linksStayLinks() throws {
        let toolchain = ELFToolchain(root: try TemporaryDirectory())
        let root = toolchain.root
        try toolchain.library("usr/lib/ld-linux-x86-64.so.2")
        try toolchain.library("usr/lib/libz.so.1.3", soname: "libz.so.1")
        try toolchain.program("usr/bin/app-1", libraries: ["usr/lib/libz.so.1.3"])
        try root.make([
            .symlink("usr/lib/libz.so.1", to: "../../../../lib/libz.so.1.2"),
            .symlink("usr/lib/libz.so.1.2", to: "libz.so.1.3"),
            .directory("etc"), .symlink("etc/app", to: "/bin/app-1"),
            .symlink("usr/bin/app", to: "/etc/app"), .symlink("lib", to: "usr/lib"),
            .symlink("lib64", to: "/usr/lib"), .symlink("bin", to: "usr/bin"),
        ])
        let installed = try InstalledLayer(["app"], in: root)
        #expect(
            installed.files == [
                "/bin", "/etc/app", "/lib", "/lib64", "/usr/bin/app", "/usr/bin/app-1",
                "/usr/lib/ld-linux-x86-64.so.2", "/usr/lib/libz.so.1", "/usr/lib/libz.so.1.2",
                "/usr/lib/libz.so.1.3",
            ])
        #expect(installed.reason("usr/bin/app") == .asked)
        #expect(
            installed.reason("etc/app") == .needed(by: "usr/bin/app", how: "the link leads there"))
        #expect(
            installed.reason("lib64")
                == .needed(
                    by: "usr/bin/app-1",
                    how: "PT_INTERP /lib64/ld-linux-x86-64.so.2, by way of this link"))
        #expect(
            installed.reason("usr/lib/libz.so.1.3")
                == .needed(by: "usr/lib/libz.so.1.2", how: "the link leads there"))
        for entry in installed.layer.entries {
            #expect(installed.chainLength(of: entry.path) != nil, "\(entry.path)")
        }
    }

    @Test(arguments: [
        ("/circle", "cannot install '/circle': it is a circle of symbolic links"),
        ("/absent", "cannot install '/absent': there is no '/absent' in '"),
        ("/dangling", "cannot install '/dangling': there is no '/etc' in '"),
        ("absent", "cannot install 'absent': it is not in /usr/local/sbin, "),
        ("/broken", "cannot install '/broken': it begins like an ELF file, but the ELF header"),
        ("/nested", "cannot install '/nested': it needs more than 5 interpreters"),
        ("/own", "cannot install '/own': it needs more than 5 interpreters"),
    ])
    func isRefused(path: String, start: String) throws {
        let root = try TemporaryDirectory()
        try root.make([
            .symlink("circle", to: "circle"), .symlink("dangling", to: "../../etc/absent"),
            .file("broken", "\u{7f}ELF\u{2}\u{1}"),
            .file("nested", "#!/nested1\n", mode: 0o755),
            .file("own", "#!/own\n", mode: 0o755),
        ])
        for level in 1...6 {
            try root.make([
                .file(HostName("nested\(level)"), "#!/nested\(level + 1)\n", mode: 0o755)
            ])
        }
        try root.make([.file("nested7", mode: 0o755)])
        let error = try #require(throws: ProgramError.self) {
            try InstalledLayer([path], in: root)
        }
        #expect(error.description.hasPrefix(start), "\(error)")
    }

    /// `..` ends at the root, as it does for whoever lives in there.
    @Test func nothingIsReachedOutsideOfTheSysroot() throws {
        let root = try TemporaryDirectory()
        try root.make([
            .directory("root"), .directory("root/etc"), .file("root/etc/passwd", "inside"),
            .file("passwd", "outside"), .symlink("root/link", to: "../../../passwd"),
            .symlink("root/absolute", to: "/etc/passwd"),
            .symlink("root/up", to: "../etc/passwd"),
        ])
        let inner = try #require(throws: ProgramError.self) {
            try Layer.install(
                InstallRequest(paths: ["/link"], sysroot: .init(root.path("root"))))
        }
        #expect(inner.description.contains("there is no '/passwd'"))
        let layer = try Layer.install(
            InstallRequest(paths: ["/absolute", "/up"], sysroot: .init(root.path("root"))))
        #expect(layer["etc/passwd"]?.byteCount == 6)
        #expect(layer["passwd"] == nil)
    }

    // MARK: Scripts

    @Test func scriptsBringTheirInterpreters() throws {
        let toolchain = ELFToolchain(root: try TemporaryDirectory())
        let root = toolchain.root
        for name in ["usr/bin/env", "usr/bin/sh", "usr/local/bin/tool", "opt/tool"] {
            try toolchain.staticProgram(name)
        }
        try root.make([
            .file("first", "#! /second -x\n", mode: 0o755),
            .file("second", "#!/usr/bin/sh\n", mode: 0o755),
            .file("byName", "#!/usr/bin/env tool\n", mode: 0o755),
            .file("split", "#!/usr/bin/env -S -u HOME A=b /opt/tool --flag\n", mode: 0o755),
            .file("data", "#!/absent\n", mode: 0o644),
        ])
        let first = try InstalledLayer(["/first"], in: root)
        #expect(first.files == ["/first", "/second", "/usr/bin/sh"])
        #expect(first.reason("usr/bin/sh") == .needed(by: "second", how: "#!/usr/bin/sh"))
        let others = try InstalledLayer(["/byName", "/split", "/data"], in: root)
        #expect(
            others.files == [
                "/byName", "/data", "/opt/tool", "/split", "/usr/bin/env", "/usr/local/bin/tool",
            ])
        #expect(
            others.reason("usr/local/bin/tool")
                == .needed(by: "byName", how: "#!/usr/bin/env tool"))
        try FileManager.default.removeItem(at: root.url("usr/local/bin/tool"))
        let missing = try InstalledLayer.missing(["/byName"], in: root)
        #expect(
            missing.first?.description.hasPrefix(
                "tool, which /byName needs (#!/usr/bin/env), is not in /usr/local/sbin") == true)
    }

    @Test(arguments: [
        ("#!/bin/sh", "/bin/sh", nil, nil),
        ("#! \t/bin/sh  -eu \n", "/bin/sh", "-eu", nil),
        ("#!/usr/bin/env python3\n", "/usr/bin/env", "python3", "python3"),
        ("#!/usr/bin/env python3 -u\n", "/usr/bin/env", "python3 -u", "python3 -u"),
        ("#!/usr/bin/env -S python3 -u\n", "/usr/bin/env", "-S python3 -u", "python3"),
        ("#!/bin/env -S A=1 -i 'my prog' x", "/bin/env", "-S A=1 -i 'my prog' x", "my prog"),
        ("#!/bin/env -i", "/bin/env", "-i", nil),
        ("#!\n", nil, nil, nil), ("#", nil, nil, nil), ("", nil, nil, nil),
    ])
    func firstLine(
        text: String, interpreter: String?, argument: String?, program: String?
    ) throws {
        let line = ScriptLine(Bytes(text.utf8))
        #expect(line?.interpreter == interpreter.map { Bytes($0.utf8) })
        #expect(line?.argument == argument.map { Bytes($0.utf8) })
        #expect(line?.programOfEnv == program.map { Bytes($0.utf8) })
    }

    // MARK: Directories, metadata

    @Test func directoriesComeWhole() throws {
        let toolchain = ELFToolchain(root: try TemporaryDirectory())
        let root = toolchain.root
        try toolchain.cLibrary()
        try toolchain.library("lib/x86_64-linux-gnu/libz.so.1")
        try toolchain.library("srv/app/libown.so")
        try toolchain.library(
            "srv/app/plugin.so",
            libraries: ["lib/x86_64-linux-gnu/libz.so.1", "srv/app/libown.so"])
        try root.make([
            .file("srv/app/script", "#!/absent\n", mode: 0o755),
            .file("srv/app/broken", "\u{7f}ELF"),
            .directory("srv/app/sub", mode: 0o700), .file("srv/app/sub/data", mode: 0o600),
            .hardLink("srv/app/sub/again", to: "srv/app/sub/data"),
            .symlink("srv/app/nowhere", to: "absent"),
            .directory("etc"), .file("etc/app.conf"), .symlink("srv/app/conf", to: "/etc/app.conf"),
            .symlink("srv/app/etc", to: "/etc"), .fifo("srv/app/pipe"),
        ])
        let installed = try InstalledLayer(["/srv/app"], in: root)
        #expect(
            installed.files == [
                "/etc/app.conf", "/lib/x86_64-linux-gnu/libz.so.1", "/srv/app/broken",
                "/srv/app/conf", "/srv/app/etc", "/srv/app/libown.so", "/srv/app/nowhere",
                "/srv/app/pipe", "/srv/app/plugin.so", "/srv/app/script", "/srv/app/sub/again",
                "/srv/app/sub/data",
            ])
        #expect(installed.layer["srv/app/sub"]?.permissions == 0o700)
        #expect(
            installed.layer["srv/app/sub/data"]?.identity
                == installed.layer["srv/app/sub/again"]?.identity)
        #expect(installed.reason("srv/app") == .asked)
        #expect(
            installed.reason("srv/app/plugin.so")
                == .needed(by: "srv/app", how: "it is in the directory"))
        let notes = installed.notes.joined(separator: "\n")
        #expect(notes.contains("/srv/app/broken begins like an ELF file"))
        #expect(notes.contains("/absent, which /srv/app/script needs (#!), is not there"))
        #expect(notes.contains("/srv/app/etc leads to the directory /etc, which was not brought"))
        #expect(notes.contains("/srv/app/plugin.so needs libown.so"))
    }

    @Test func directoriesAboveComeWhereTheyAreSpecial() throws {
        let root = try TemporaryDirectory()
        try root.make([
            .directory("etc"), .directory("etc/private", mode: 0o710), .file("etc/private/key"),
        ])
        // Whoever runs the tests owns what is made here; in the image it is root's.
        let layer = try Layer.install(
            InstallRequest(paths: ["/etc/private/key"], sysroot: .init(root.path)),
            options: .init(owner: .root))
        #expect(layer.entries.map(\.path) == ["etc/private", "etc/private/key"])
        #expect(layer["etc/private"]?.permissions == 0o710)
        #expect(layer["etc/private/key"]?.uid == 0)
    }

    @Test(.enabled(if: geteuid() == 0, "needs root")) func ownersModesAndCapabilitiesStay() throws {
        let root = try TemporaryDirectory()
        try root.make([
            .file("ping", mode: 0o755), .owner("ping", uid: 12, gid: 34),
            .xattr(
                "ping", name: "security.capability",
                hexadecimal: "0100000200200000000000000000000000000000"),
            .file("su", mode: 0o4755), .characterDevice("null", major: 1, minor: 3),
        ])
        let layer = try InstalledLayer(["/ping", "/su", "/null"], in: root).layer
        #expect(layer["ping"]?.uid == 12 && layer["ping"]?.gid == 34)
        #expect(layer["ping"]?.xattrs.map(\.name) == [Bytes("security.capability".utf8)])
        #expect(layer["su"]?.permissions == 0o4755)
        #expect(layer["null"]?.kind == .characterDevice(.init(major: 1, minor: 3)))
    }

    @Test func relativePathsBeginHere() throws {
        let root = try TemporaryDirectory()
        try root.make([.file("file", "text")])
        let depth = FileManager.default.currentDirectoryPath.split(separator: "/").count
        let up = String(repeating: "../", count: depth)
        let installed = try InstalledLayer(["./\(up)\(root.path("file").dropFirst())"])
        let place = root.url("file").resolvingSymlinksInPath().path
        #expect(installed.layer[try #require(TreePath(Bytes(place.utf8)))]?.byteCount == 4)
    }
}
