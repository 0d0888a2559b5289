import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

@testable import Programs

/// The files that tell loaders where libraries are, and the words in search paths.
@Suite struct LoaderFilesTests {
    /// ldconfig(8) as the second reader.
    @Test func readsTheCacheOfThisMachine() throws {
        let path = "/etc/ld.so.cache"
        try #require(FileManager.default.fileExists(atPath: path))
        let bytes = Bytes(try Data(contentsOf: URL(fileURLWithPath: path)))
        let cache = try #require(LibraryCache(bytes, isLittleEndian: true))
        let listing = try runProcess(["/sbin/ldconfig", "-p"]).stdoutText
        var count = 0
        for line in listing.split(separator: "\n") where line.contains("(libc6,x86-64) => ") {
            let words = line.split(whereSeparator: \.isWhitespace).map { Bytes($0.utf8) }
            let paths = cache.paths(of: words[0], for: .x86_64)
            #expect(paths.contains(try #require(words.last)), "\(line)")
            count += 1
        }
        #expect(count > 0)
        #expect(cache.paths(of: Bytes("libc.so.6".utf8), for: Self.arm64).isEmpty)
    }

    private static let arm64 = ELFMachine(isWide: true, isLittleEndian: true, number: 183)
    private static let s390x = ELFMachine(isWide: true, isLittleEndian: false, number: 22)

    @Test(arguments: [ELFMachine.x86_64, arm64, s390x]) func cachesAreReadBack(machine: ELFMachine)
        throws
    {
        let names = ["libz.so.1", "liba.so.10", "liba.so.9", "libA.so", "lib\u{e9}.so", "x"]
        let libraries = names.map {
            LibraryCache.Library(
                name: Bytes($0.utf8), path: Bytes("/opt/\($0)".utf8), machine: machine)
        }
        let bytes = try #require(LibraryCache.bytes(of: libraries))
        let cache = try #require(LibraryCache(bytes, isLittleEndian: machine.isLittleEndian))
        for library in libraries {
            #expect(cache.paths(of: library.name, for: machine) == [library.path])
        }
        // Behind the format of old, as ldconfig wrote it before glibc 2.32.
        let old = Bytes("ld.so-1.7.0\0".utf8) + [0, 0, 0, 0]
        #expect(LibraryCache(old + bytes, isLittleEndian: machine.isLittleEndian) != nil)
        for count in 0..<bytes.count {
            _ = LibraryCache(Bytes(bytes[..<count]), isLittleEndian: machine.isLittleEndian)
        }
    }

    /// Digits count as numbers, so that libz.so.10 stands behind libz.so.9.
    @Test(arguments: [
        ("a", "b", true), ("b", "a", false), ("a", "a", false), ("a", "ab", true),
        ("a9", "a10", true), ("a10", "a9", false), ("a1", "ab", false), ("ab", "a1", true),
        ("a01", "a1", false), ("a1", "a01", false),
    ])
    func order(left: String, right: String, isBefore: Bool) {
        #expect(
            LibraryCache.isOrdered(Bytes(left.utf8), before: Bytes(right.utf8)) == isBefore)
    }

    @Test func configurationsIncludeOthersInOrder() throws {
        let root = try TemporaryDirectory()
        try root.write(
            """
            /first   # comment
            include ld.so.conf.d/*.conf more/[a-b].list
            hwcap 1 nosegneg
            /last=libc6
            relative
            """, to: "etc/ld.so.conf")
        try root.write("/b\n", to: "etc/ld.so.conf.d/b.conf")
        try root.write("/a\n/a2\n", to: "etc/ld.so.conf.d/a.conf")
        try root.write("/hidden\n", to: "etc/ld.so.conf.d/.c.conf")
        try root.write("/other\n", to: "etc/ld.so.conf.d/other")
        try root.write("include /etc/ld.so.conf\n/list\n", to: "etc/more/b.list")
        let tree = try HostLookup(directory: .init(root.path), name: "root")
        let directories = try LibraryConfiguration(in: tree).directories
        #expect(
            directories.map { String(decoding: $0, as: UTF8.self) }
                == ["/first", "/a", "/a2", "/b", "/list", "/last"])
    }

    @Test(arguments: [
        ("$ORIGIN/../lib:/x", ["/o/../lib", "/x"]),
        ("${ORIGIN}lib", ["/olib"]),
        ("$ORIGINAL:/x", ["/x"]),
        ("/$LIB/a", ["/lib/x86_64-linux-gnu/a", "/lib64/a", "/lib/a"]),
        ("/p/$PLATFORM", ["/p/x86_64", "/p/haswell", "/p/xeon_phi"]),
        ("relative::/y/", ["/y/"]),
        ("/cost/$", ["/cost/$"]),
    ])
    func tokens(path: String, directories: [String]) {
        let search = SearchPath(machine: .x86_64, loader: .glibc)
        #expect(
            search.directories(Bytes(path.utf8), origin: Bytes("/o".utf8))
                .map { String(decoding: $0, as: UTF8.self) } == directories)
    }

    @Test func tokensHaveAnEnd() {
        let search = SearchPath(machine: .x86_64, loader: .glibc)
        let path = Bytes(String(repeating: "/$LIB", count: 10_000).utf8)
        #expect(search.directories(path, origin: []).count <= 256)
    }

    @Test(arguments: [
        ("/lib64/ld-linux-x86-64.so.2", LoaderKind.glibc), ("/lib/ld.so.1", .glibc),
        ("/lib/ld64.so.1", .glibc),
        ("/lib/ld-musl-armhf.so.1", .musl(architecture: Bytes("armhf".utf8))),
        ("/system/bin/linker64", .unknown), ("/lib/ld-uClibc.so.0", .unknown),
    ])
    func loaders(interpreter: String, kind: LoaderKind) {
        #expect(LoaderKind(interpreter: Bytes(interpreter.utf8)) == kind)
    }

    @Test(arguments: [
        ("{\"soname\":\"liba.so\"}", [DlopenNote(sonames: [Bytes("liba.so".utf8)])]),
        (
            "[{\"soname\":[\"a\",\"b\"],\"priority\":\"required\",\"feature\":\"f\"}]\0",
            [
                DlopenNote(
                    sonames: [Bytes("a".utf8), Bytes("b".utf8)], feature: Bytes("f".utf8),
                    priority: .required)
            ]
        ),
        ("[{\"soname\":[]},{\"feature\":\"f\"},7]", []), ("{", []), ("", []),
    ])
    func dlopenNotes(text: String, notes: [DlopenNote]) {
        #expect(DlopenNote.parse(Bytes(text.utf8)) == notes)
    }
}
