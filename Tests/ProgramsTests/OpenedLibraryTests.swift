import Foundation
import Programs
import TestSupport
import Testing
import Trees

/// Libraries that programs open while they run: `.note.dlopen`, name services.
@Suite struct OpenedLibraryTests {
    private static let multiarch = "lib/x86_64-linux-gnu"

    /// A section as the specification lays it out, in the assembler's words.
    private static func note(_ json: String) -> String {
        let text = json.replacing("\"", with: "\\\\\\\"")
        return """
            __asm__(".section .note.dlopen, \\"a\\", %note\\n"
                    ".balign 4\\n.long 4\\n.long 2f - 1f\\n.long 0x407c0c0a\\n.asciz \\"FDO\\"\\n"
                    "1: .asciz \\"\(text)\\"\\n2: .balign 4\\n.previous\\n");
            """
    }

    private static func toolchain() throws -> ELFToolchain {
        let toolchain = ELFToolchain(root: try TemporaryDirectory())
        try toolchain.cLibrary()
        return toolchain
    }

    @Test func notesOfEveryPriority() throws {
        let toolchain = try Self.toolchain()
        for name in ["libreq.so.2", "librec.so.1", "libsug.so.1", "libold.so.1", "libinner.so"] {
            try toolchain.library("\(Self.multiarch)/\(name)")
        }
        try toolchain.library(
            "\(Self.multiarch)/libreq.so.2", libraries: ["\(Self.multiarch)/libinner.so"])
        try toolchain.program(
            "bin/app",
            source: Self.note(
                """
                [{"feature":"core","priority":"required","soname":["libreq.so.3","libreq.so.2"]},
                {"soname":["librec.so.1"],"description":"d"},
                {"feature":"extra","priority":"suggested","soname":["libsug.so.1"]},
                {"feature":"gone","priority":"recommended","soname":["libgone.so.1"]}]
                """.replacing("\n", with: "")) + Self.note("{\"soname\":\"libold.so.1\"}"))
        let installed = try InstalledLayer(["/bin/app"], in: toolchain.root)
        #expect(
            installed.files == [
                "/bin/app", "/\(Self.multiarch)/libinner.so", "/\(Self.multiarch)/libold.so.1",
                "/\(Self.multiarch)/librec.so.1", "/\(Self.multiarch)/libreq.so.2",
                "/lib64/ld-linux-x86-64.so.2",
            ])
        #expect(
            installed.reason("\(Self.multiarch)/libreq.so.2")
                == .needed(by: "bin/app", how: "dlopen libreq.so.2 for core"))
        #expect(
            installed.notes.contains(
                "libsug.so.1, which /bin/app can use for extra, was not brought"))
        #expect(
            installed.notes.contains(
                "libgone.so.1, which /bin/app should have for gone, is not there"))
        let readelf = try runProcess(["readelf", "-n", toolchain.root.path("bin/app")])
        #expect(readelf.stdoutText.contains("FDO"))
    }

    @Test func whatIsRequiredMustBeThere() throws {
        let toolchain = try Self.toolchain()
        try toolchain.program(
            "bin/app",
            source: Self.note("[{\"priority\":\"required\",\"soname\":[\"libreq.so.3\"]}]"))
        let missing = try InstalledLayer.missing(["/bin/app"], in: toolchain.root)
        #expect(missing.map(\.how) == ["dlopen libreq.so.3"])
        let allowed = try InstalledLayer(["/bin/app"], in: toolchain.root, allowsMissing: true)
        #expect(allowed.notes == missing.map(\.description))
    }

    /// - Parameter isNew: whether glibc has `files` and `dns` in it.
    @Test(arguments: [true, false]) func nameServices(isNew: Bool) throws {
        let toolchain = try Self.toolchain()
        let cLibrary = "\(Self.multiarch)/libc.so.6"
        let version = isNew ? "GLIBC_2.34" : "GLIBC_2.31"
        try toolchain.root.write("\(version) { global: *; };", to: "map")
        try toolchain.library(
            cLibrary, flags: ["--version-script=\(toolchain.root.path("map"))"],
            source: "void getpwnam(void) {} void getaddrinfo(void) {} void puts(void) {}")
        for name in ["files", "dns", "systemd", "mdns"] {
            try toolchain.library("\(Self.multiarch)/libnss_\(name).so.2")
        }
        try toolchain.root.write(
            """
            # comment
            passwd: files [SUCCESS=return] systemd # sssd
            group:files sssd
            hosts:  files  mdns [NOTFOUND=return] dns resolve
            services: db
            """, to: "etc/nsswitch.conf")
        try toolchain.library(
            "\(Self.multiarch)/libuser.so", libraries: [cLibrary],
            source: "void getpwnam(void); void user(void) { getpwnam(); }")
        try toolchain.program(
            "bin/app", libraries: ["\(Self.multiarch)/libuser.so", cLibrary],
            source: "void getaddrinfo(void); void call(void) { getaddrinfo(); }")
        let installed = try InstalledLayer(["/bin/app"], in: toolchain.root)
        let modules = installed.files.filter { $0.contains("libnss_") }
            .map { $0.split(separator: "_").last!.split(separator: ".").first! }
        #expect(modules == (isNew ? ["mdns", "systemd"] : ["dns", "files", "mdns", "systemd"]))
        #expect(
            installed.reason("\(Self.multiarch)/libnss_systemd.so.2")
                == .needed(by: "lib/x86_64-linux-gnu/libuser.so", how: "NSS passwd: files systemd"))
        let note = try #require(installed.notes.first { $0.contains("'hosts: ") })
        #expect(
            note.hasPrefix(
                "/bin/app asks for names (getaddrinfo), for which /etc/nsswitch.conf has "
                    + "'hosts: files mdns dns resolve'"))
        #expect(note.hasSuffix("; not there: libnss_resolve.so.2"))
        // Nobody asks for groups.
        #expect(!installed.notes.contains { $0.contains("sssd") })

        try toolchain.program(
            "bin/plain", libraries: [cLibrary],
            source: "void puts(void); void call(void) { puts(); }")
        let plain = try InstalledLayer(["/bin/plain"], in: toolchain.root)
        #expect(!plain.files.contains { $0.contains("libnss_") })
    }
}
