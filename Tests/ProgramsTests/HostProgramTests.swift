import Foundation
import Glibc
import Programs
import TestSupport
import Testing
import Trees

/// This machine's own programs: against what its loader says, and run where nothing else is.
@Suite struct HostProgramTests {
    static let programs = [
        "/bin/bash", "/usr/bin/git", "/usr/bin/python3", "/usr/bin/apt", "/usr/bin/tar",
        "/usr/bin/curl", "/usr/bin/ssh", "/usr/bin/perl", "/usr/sbin/ldconfig", "/usr/bin/xz",
    ].filter { FileManager.default.fileExists(atPath: $0) }

    /// ldd(1) runs the loader; we never do.
    @Test(arguments: programs) func bringsWhatTheLoaderWouldLoad(program: String) throws {
        let installed = try InstalledLayer([program])
        let loaded = installed.layer.entries.filter { entry in
            guard case .needed(_, let how) = installed.layer.reasons[entry.path] else {
                return false
            }
            return how.hasPrefix("DT_NEEDED") || how.hasPrefix("PT_INTERP")
                || how == "the link leads there"
        }
        let names = Set(loaded.map { String(decoding: $0.path.name, as: UTF8.self) })
        let listing = try runProcess(["ldd", program]).stdoutText
        for word in listing.split(whereSeparator: \.isWhitespace).map(String.init)
        where word.hasPrefix("/") {
            let end = URL(fileURLWithPath: word).resolvingSymlinksInPath().path
            let place = try #require(TreePath(Bytes(end.utf8)))
            #expect(installed.layer[place]?.byteCount ?? 0 > 0, "\(word), \(end)")
            #expect(names.contains(URL(fileURLWithPath: word).lastPathComponent), "\(word)")
        }
    }

    @Test(arguments: programs) func everyFileHasAReasonThatEnds(program: String) throws {
        let installed = try InstalledLayer([program])
        for entry in installed.layer.entries {
            #expect(installed.chainLength(of: entry.path) != nil, "\(entry.path)")
        }
    }

    /// Nothing is brought for a program that the loader would not load, but for name services.
    @Test(arguments: programs) func bringsNothingElse(program: String) throws {
        let installed = try InstalledLayer([program])
        let listing = try runProcess(["ldd", program]).stdoutText
        let ends = Set(
            (listing.split(whereSeparator: \.isWhitespace).map(String.init)
                .filter { $0.hasPrefix("/") } + [program])
                .map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path })
        for entry in installed.layer.entries {
            guard case .regular = installed.layer.nodes[entry.nodeIndex].kind,
                !installed.isForNameServices(entry.path), entry.path != "etc/ld.so.cache"
            else { continue }
            #expect(ends.contains(entry.path.description), "\(entry.path)")
        }
    }

    /// Before, the loader had to be asked; its binary says it too.
    @Test func standardDirectoriesAreTheLoadersOwn() throws {
        let loader = "/lib64/ld-linux-x86-64.so.2"
        try #require(FileManager.default.fileExists(atPath: loader))
        let diagnostics = try runProcess([loader, "--list-diagnostics"]).stdoutText
        let expected = diagnostics.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix("path.system_dirs[") else { return nil }
            return line.split(separator: "\"").dropFirst().first.map { String($0.dropLast()) }
        }
        try #require(!expected.isEmpty)
        let toolchain = ELFToolchain(root: try TemporaryDirectory())
        try toolchain.library("far/libz.so.1")
        try toolchain.program("bin/app", libraries: ["far/libz.so.1"])
        try FileManager.default.createDirectory(
            at: toolchain.root.url("lib64"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: URL(fileURLWithPath: loader).resolvingSymlinksInPath(),
            to: toolchain.root.url("lib64/ld-linux-x86-64.so.2"))
        let missing = try InstalledLayer.missing(["/bin/app"], in: toolchain.root)
        #expect(missing.first?.searched.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    // MARK: Run

    @Test(.enabled(if: geteuid() == 0, "chroot(2) needs root")) func programsRun() throws {
        let root = try TemporaryDirectory()
        try root.write("#!/usr/bin/env sh\necho script $((6 * 7))\n", to: "src/script")
        chmod(root.path("src/script"), 0o755)
        let standardLibrary = try Self.pythonLibrary()
        let installed = try InstalledLayer(
            [
                "/usr/bin/git", "/usr/bin/python3", standardLibrary, root.path("src/script"),
                "/dev/null",
            ])
        let image = root.path("image")
        try installed.materialise(at: image)

        let git = try runProcess(["chroot", image, "/usr/bin/git", "--version"])
        #expect(git.stdoutText.hasPrefix("git version"), "\(git.stderrText)")
        let python = try runProcess(
            ["chroot", image, "/usr/bin/python3", "-c", "import json, ssl; print(json.dumps(1))"])
        #expect(python.stdoutText == "1\n", "\(python.stderrText)")
        let script = try runProcess(["chroot", image, root.path("src/script")])
        #expect(script.stdoutText == "script 42\n", "\(script.stderrText)")
    }

    private static func pythonLibrary() throws -> String {
        let code = "import sysconfig; print(sysconfig.get_path('stdlib'))"
        return try runProcess(["/usr/bin/python3", "-c", code]).stdoutText
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A library that only the list leads to: the image needs a list of its own.
    @Test(.enabled(if: geteuid() == 0, "chroot(2) needs root")) func cacheLeadsTheLoader() throws {
        let root = try TemporaryDirectory()
        let toolchain = ELFToolchain(root: root)
        for path in ["usr/bin/true", "lib64/ld-linux-x86-64.so.2"] {
            try FileManager.default.createDirectory(
                at: root.url(path).deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: URL(fileURLWithPath: "/\(path)").resolvingSymlinksInPath(), to: root.url(path))
        }
        try root.make([.directory("opt"), .directory("opt/far"), .directory("etc")])
        try toolchain.library("opt/far/libfar.so.1", source: "int far(void) { return 0; }")
        try toolchain.library("opt/far/liba9.so.10")
        try toolchain.library("opt/far/liba10.so.9")
        let exit = """
            extern int far(void);
            void begin(void) {
              __asm__ volatile("syscall" :: "a"(231), "D"(far() + 7) : "rcx", "r11", "memory");
            }
            """
        try toolchain.program(
            "bin/app",
            libraries: ["opt/far/libfar.so.1", "opt/far/liba9.so.10", "opt/far/liba10.so.9"],
            flags: ["-e", "begin"], source: exit)
        try root.write("include conf.d/*.conf\n", to: "etc/ld.so.conf")
        try root.write("# far away\n/opt/far\n", to: "etc/conf.d/far.conf")

        // Without a list of its own, and with ldconfig's.
        for hasCache in [false, true] {
            if hasCache {
                #expect(try runProcess(["/sbin/ldconfig", "-r", root.path]).status == 0)
            }
            let installed = try InstalledLayer(["/bin/app"], in: root)
            let image = try TemporaryDirectory()
            try installed.materialise(at: image.path)
            #expect(try runProcess(["chroot", image.path, "/bin/app"]).status == 7)
            let listed = try runProcess([
                "/sbin/ldconfig", "-p", "-C", image.path("etc/ld.so.cache"),
            ])
            #expect(
                listed.stdoutText.contains("libfar.so.1 (libc6,x86-64) => /opt/far/libfar.so.1"))
            try FileManager.default.removeItem(at: image.url("etc/ld.so.cache"))
            #expect(try runProcess(["chroot", image.path, "/bin/app"]).status == 127)
        }
    }
}

extension InstalledLayer {
    /// Whether the chain of reasons goes through a module of the name service switch.
    fileprivate func isForNameServices(_ path: TreePath) -> Bool {
        var current = path
        while case .needed(let next, let how)? = layer.reasons[current] {
            if how.hasPrefix("NSS ") { return true }
            current = next
        }
        return false
    }
}
