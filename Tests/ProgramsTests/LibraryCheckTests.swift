import Foundation
import Glibc
import Programs
import SystemPackage
import TestSupport
import Testing
import Trees

/// What a loader would not find in a merged tree: the rules of an installation, on another kind of
/// tree.
@Suite struct LibraryCheckTests {
    private static func gaps(_ toolchain: ELFToolchain) throws -> [String: [TreePath]] {
        let layer = try Layer.scan(directory: FilePath(toolchain.root.path), name: "tree")
        let gaps = try MergedTree.overlay([layer]).libraryGaps(of: "bin/app")
        return Dictionary(
            uniqueKeysWithValues: gaps.map {
                (String(decoding: $0.library.name, as: UTF8.self), $0.elsewhere)
            })
    }

    private static func toolchain() throws -> ELFToolchain {
        let toolchain = ELFToolchain(root: try TemporaryDirectory())
        try toolchain.cLibrary()
        try toolchain.library("lib/x86_64-linux-gnu/libz.so.1")
        try toolchain.library(
            "lib/x86_64-linux-gnu/liby.so.1", libraries: ["lib/x86_64-linux-gnu/libz.so.1"])
        return toolchain
    }

    @Test func nothingIsMissing() throws {
        let toolchain = try Self.toolchain()
        try toolchain.program("bin/app", libraries: ["lib/x86_64-linux-gnu/liby.so.1"])
        #expect(try Self.gaps(toolchain).isEmpty)
    }

    @Test func missingLibrariesOfLibraries() throws {
        let toolchain = try Self.toolchain()
        try toolchain.program("bin/app", libraries: ["lib/x86_64-linux-gnu/liby.so.1"])
        try FileManager.default.removeItem(at: toolchain.root.url("lib/x86_64-linux-gnu/libz.so.1"))
        #expect(try Self.gaps(toolchain) == ["libz.so.1": []])
    }

    @Test func librariesWhereTheLoaderDoesNotLook() throws {
        let toolchain = try Self.toolchain()
        try toolchain.library("opt/lib/libfar.so.1")
        try toolchain.program("bin/app", libraries: ["opt/lib/libfar.so.1"])
        try toolchain.root.write("/opt/lib\n", to: "etc/ld.so.conf")
        #expect(try Self.gaps(toolchain) == ["libfar.so.1": ["opt/lib/libfar.so.1"]])
    }

    @Test(.enabled(if: geteuid() == 0, "chroot(2) needs root")) func librariesOfTheCache() throws {
        let toolchain = try Self.toolchain()
        try toolchain.library("opt/lib/libfar.so.1")
        try toolchain.program("bin/app", libraries: ["opt/lib/libfar.so.1"])
        try toolchain.root.write("/opt/lib\n", to: "etc/ld.so.conf")
        #expect(try runProcess(["/sbin/ldconfig", "-r", toolchain.root.path]).status == 0)
        #expect(try Self.gaps(toolchain).isEmpty)
    }

    /// Rules nobody knows are no ground for a verdict.
    @Test(arguments: [nil, "/lib/ld-strange.so.1"]) func unknownLoaders(interpreter: String?) throws
    {
        let toolchain = try Self.toolchain()
        try toolchain.library("lib/ld-strange.so.1")
        try toolchain.library("elsewhere/libgone.so")
        if let interpreter {
            try toolchain.program(
                "bin/app", libraries: ["elsewhere/libgone.so"], interpreter: interpreter)
        } else {
            try toolchain.library("bin/app", libraries: ["elsewhere/libgone.so"])
        }
        try FileManager.default.removeItem(at: toolchain.root.url("elsewhere"))
        #expect(try Self.gaps(toolchain).isEmpty)
    }

    /// What is installed has no gaps: both ask the same questions.
    @Test(arguments: HostProgramTests.programs) func installedProgramsHaveNoGaps(program: String)
        throws
    {
        let installed = try InstalledLayer([program])
        let tree = try MergedTree.overlay([installed.layer])
        guard case .found(let place, _) = tree.resolve(Bytes(program.utf8)) else {
            Issue.record("\(program) is not in the tree")
            return
        }
        #expect(try tree.libraryGaps(of: place).isEmpty)
    }
}
