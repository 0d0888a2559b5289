import Foundation
import Programs
import TestSupport
import Testing
import Trees

/// Where libraries are looked for: ld.so(8), in roots made for the purpose.
@Suite struct LibrarySearchTests {
    private static let multiarch = "lib/x86_64-linux-gnu"

    private static func toolchain() throws -> ELFToolchain {
        let toolchain = ELFToolchain(root: try TemporaryDirectory())
        try toolchain.cLibrary()
        return toolchain
    }

    @Test(arguments: ELFToolchain.machines)
    func everyMachineHasItsDirectories(machine: ELFToolchain.Machine) throws {
        let toolchain = ELFToolchain(root: try TemporaryDirectory(), machine: machine)
        try toolchain.cLibrary()
        let directory = "lib/\(machine.multiarch)"
        try toolchain.library("usr/\(directory)/libz.so.1")
        try toolchain.program(
            "usr/bin/app", libraries: ["usr/\(directory)/libz.so.1", "\(directory)/libc.so.6"])
        let installed = try InstalledLayer(["/usr/bin/app"], in: toolchain.root)
        #expect(
            installed.files
                == [
                    machine.interpreter, "/\(directory)/libc.so.6", "/usr/bin/app",
                    "/usr/\(directory)/libz.so.1",
                ].sorted { TreePath(Bytes($0.utf8))! < TreePath(Bytes($1.utf8))! })
        #expect(installed.reason("usr/bin/app") == .asked)
        #expect(
            installed.reason(machine.interpreter)
                == .needed(by: "usr/bin/app", how: "PT_INTERP \(machine.interpreter)"))
        #expect(
            installed.reason("usr/\(directory)/libz.so.1")
                == .needed(by: "usr/bin/app", how: "DT_NEEDED libz.so.1"))
        let header = try runProcess(["readelf", "-h", toolchain.root.path("usr/bin/app")])
        #expect(header.status == 0)
    }

    @Test func runpathIsForOwnNeedsOnly() throws {
        let toolchain = try Self.toolchain()
        try toolchain.library("opt/app/lib/libinner.so")
        try toolchain.library("opt/app/lib/libouter.so", libraries: ["opt/app/lib/libinner.so"])
        try toolchain.program(
            "opt/app/bin/app", libraries: ["opt/app/lib/libouter.so"],
            flags: ["-rpath", "$ORIGIN/../lib", "--enable-new-dtags"])
        let missing = try InstalledLayer.missing(["/opt/app/bin/app"], in: toolchain.root)
        #expect(missing.map(\.name) == [Bytes("libinner.so".utf8)])
        #expect(missing.first?.neededBy == "opt/app/lib/libouter.so")
    }

    @Test func rpathIsInherited() throws {
        let toolchain = try Self.toolchain()
        try toolchain.library("opt/app/lib/libinner.so")
        try toolchain.library("opt/app/lib/libouter.so", libraries: ["opt/app/lib/libinner.so"])
        try toolchain.program(
            "opt/app/bin/app", libraries: ["opt/app/lib/libouter.so"],
            flags: ["-rpath", "${ORIGIN}/../lib", "--disable-new-dtags"])
        let installed = try InstalledLayer(["/opt/app/bin/app"], in: toolchain.root)
        #expect(installed.files.contains("/opt/app/lib/libinner.so"))
        #expect(
            installed.reason("opt/app/lib/libinner.so")
                == .needed(by: "opt/app/lib/libouter.so", how: "DT_NEEDED libinner.so"))
    }

    @Test func runpathHidesInheritedRpath() throws {
        let toolchain = try Self.toolchain()
        try toolchain.library("opt/app/lib/libinner.so")
        try toolchain.library(
            "opt/app/lib/libouter.so", libraries: ["opt/app/lib/libinner.so"],
            flags: ["-rpath", "/nowhere", "--enable-new-dtags"])
        try toolchain.program(
            "opt/app/bin/app", libraries: ["opt/app/lib/libouter.so"],
            flags: ["-rpath", "/opt/app/lib", "--disable-new-dtags"])
        let missing = try InstalledLayer.missing(["/opt/app/bin/app"], in: toolchain.root)
        #expect(missing.map(\.name) == [Bytes("libinner.so".utf8)])
        #expect(missing.first?.searched.contains(Bytes("/nowhere".utf8)) == true)
    }

    @Test func whatIsLoadedSatisfies() throws {
        let toolchain = try Self.toolchain()
        // Found by its path; whoever needs its soname afterwards has it.
        try toolchain.library("opt/first.so", soname: "libshared.so.1")
        try toolchain.library(
            "\(Self.multiarch)/libuser.so", libraries: ["opt/first.so"])
        try toolchain.program(
            "bin/app",
            libraries: ["opt/first.so", "\(Self.multiarch)/libuser.so"],
            flags: ["-rpath", "/links"])
        try toolchain.root.make([
            .directory("links"), .symlink("links/libshared.so.1", to: "../opt/first.so"),
        ])
        let installed = try InstalledLayer(["/bin/app"], in: toolchain.root)
        #expect(installed.files.contains("/opt/first.so"))
        #expect(
            installed.reason("opt/first.so")
                == .needed(by: "links/libshared.so.1", how: "the link leads there"))
    }

    @Test func othersMachinesLibrariesArePassedOver() throws {
        let toolchain = try Self.toolchain()
        var foreign = toolchain
        foreign.machine = ELFToolchain.machines[1]
        try foreign.library("first/libz.so.1")
        try toolchain.root.write("INPUT(libz.so.1)", to: "second/libz.so.1")
        try toolchain.library("third/libz.so.1")
        try toolchain.program(
            "bin/app", libraries: ["third/libz.so.1"],
            flags: ["-rpath", "/first:/second:/third"])
        let installed = try InstalledLayer(["/bin/app"], in: toolchain.root)
        #expect(installed.files.contains("/third/libz.so.1"))
        try FileManager.default.removeItem(at: toolchain.root.url("third"))
        let missing = try InstalledLayer.missing(["/bin/app"], in: toolchain.root)
        #expect(missing.first?.rejected == ["first/libz.so.1", "second/libz.so.1"])
    }

    @Test func noDefaultDirectories() throws {
        let toolchain = try Self.toolchain()
        try toolchain.library("\(Self.multiarch)/libz.so.1")
        try toolchain.program(
            "bin/app", libraries: ["\(Self.multiarch)/libz.so.1"], flags: ["-z", "nodefaultlib"])
        #expect(try InstalledLayer.missing(["/bin/app"], in: toolchain.root).count == 1)
    }

    @Test func filtersAndAuxiliaries() throws {
        let toolchain = try Self.toolchain()
        try toolchain.library("\(Self.multiarch)/libreal.so")
        try toolchain.library(
            "\(Self.multiarch)/libfilter.so",
            flags: ["--filter=libreal.so", "--auxiliary=libmaybe.so"])
        try toolchain.program("bin/app", libraries: ["\(Self.multiarch)/libfilter.so"])
        let installed = try InstalledLayer(["/bin/app"], in: toolchain.root)
        #expect(
            installed.reason("\(Self.multiarch)/libreal.so")
                == .needed(by: "lib/x86_64-linux-gnu/libfilter.so", how: "DT_FILTER libreal.so"))
    }

    @Test func variantsForNewerProcessorsAreLeftOut() throws {
        let toolchain = try Self.toolchain()
        try toolchain.library("\(Self.multiarch)/libz.so.1")
        try toolchain.library("\(Self.multiarch)/glibc-hwcaps/x86-64-v3/libz.so.1")
        try toolchain.program("bin/app", libraries: ["\(Self.multiarch)/libz.so.1"])
        let installed = try InstalledLayer(["/bin/app"], in: toolchain.root)
        #expect(!installed.files.contains { $0.contains("hwcaps") })
        #expect(installed.notes.contains { $0.contains("glibc-hwcaps/x86-64-v3/libz.so.1") })
    }

    @Test func muslHasRulesOfItsOwn() throws {
        let toolchain = ELFToolchain(root: try TemporaryDirectory())
        let loader = "lib/ld-musl-x86_64.so.1"
        try toolchain.library(loader, soname: "ld-musl-x86_64.so.1")
        try toolchain.library("usr/local/lib/libz.so.1")
        try toolchain.library("opt/lib/libc.musl-x86_64.so.1")
        try toolchain.library("opt/lib/libinner.so")
        try toolchain.library("opt/lib/libouter.so", libraries: ["opt/lib/libinner.so"])
        // The name of the C library is the loader's own; a RUNPATH is inherited.
        try toolchain.program(
            "bin/app",
            libraries: [
                "opt/lib/libc.musl-x86_64.so.1", "usr/local/lib/libz.so.1", "opt/lib/libouter.so",
            ], interpreter: "/\(loader)", flags: ["-rpath", "/opt/lib"])
        let installed = try InstalledLayer(["/bin/app"], in: toolchain.root)
        #expect(
            installed.files == [
                "/bin/app", "/\(loader)", "/opt/lib/libinner.so", "/opt/lib/libouter.so",
                "/usr/local/lib/libz.so.1",
            ])
        // Its list of directories takes the place of the default, and must come along.
        try toolchain.root.write("/usr/local/lib\n/srv:/opt/x", to: "etc/ld-musl-x86_64.path")
        let listed = try InstalledLayer(["/bin/app"], in: toolchain.root)
        #expect(listed.files.contains("/etc/ld-musl-x86_64.path"))
    }
}
