import Foundation
import Programs
import TestSupport
import Testing
import Trees

/// ELF files, honest and hostile.
@Suite struct ELFReadingTests {
    private static func read(_ bytes: Bytes) throws -> ELFReading {
        try ELFFile.read(.bytes(bytes))
    }

    private static func bytes(_ path: String) throws -> Bytes {
        Bytes(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// readelf(1) as the second reader.
    @Test(arguments: ELFToolchain.machines)
    func readsWhatReadelfReads(machine: ELFToolchain.Machine) throws {
        let toolchain = ELFToolchain(root: try TemporaryDirectory(), machine: machine)
        try toolchain.library("liba.so", soname: "liba.so.1")
        try toolchain.library(
            "libb.so", soname: "libb.so.2", libraries: ["liba.so"],
            flags: ["-rpath", "$ORIGIN:/x", "--enable-new-dtags", "-z", "nodefaultlib"])
        let file = try #require(try Self.read(try Self.bytes(toolchain.root.path("libb.so"))).file)
        #expect(file.kind == .shared)
        #expect(file.soname == Bytes("libb.so.2".utf8))
        #expect(file.needed == [Bytes("liba.so.1".utf8)])
        #expect(file.runpath == Bytes("$ORIGIN:/x".utf8))
        #expect(file.rpath == nil && file.interpreter == nil)
        #expect(file.skipsDefaultDirectories)
        let dynamic = try runProcess(["readelf", "-dh", toolchain.root.path("libb.so")]).stdoutText
        #expect(dynamic.contains("Shared library: [liba.so.1]"))
        #expect(dynamic.contains("Library soname: [libb.so.2]"))
        #expect(dynamic.contains("ELF\(file.machine.isWide ? 64 : 32)"))
        #expect(dynamic.contains("\(file.machine.isLittleEndian ? "little" : "big") endian"))
    }

    @Test(arguments: [
        Bytes(), Bytes("#!/bin/sh".utf8), Bytes("\u{7f}EL".utf8),
    ])
    func isNoELF(bytes: Bytes) throws {
        guard case .notELF = try Self.read(bytes) else {
            Issue.record("taken for an ELF file")
            return
        }
    }

    @Test func everyTruncationIsDamageOrLess() throws {
        let toolchain = ELFToolchain(root: try TemporaryDirectory())
        try toolchain.program("app", flags: ["-rpath", "/lib"])
        let bytes = try Self.bytes(toolchain.root.path("app"))
        for count in 4..<64 {
            guard case .damaged = try Self.read(Bytes(bytes[..<count])) else {
                Issue.record("\(count) bytes are taken")
                continue
            }
        }
        for count in 64..<bytes.count { _ = try Self.read(Bytes(bytes[..<count])) }
    }

    /// Nothing traps, hangs or takes memory, whatever the bytes say: one to eight of them changed,
    /// most of them where offsets and counts are.
    @Test(arguments: [0, 1, 4]) func mutationsAreRead(machine: Int) throws {
        let toolchain = ELFToolchain(
            root: try TemporaryDirectory(), machine: ELFToolchain.machines[machine])
        try toolchain.cLibrary()
        try toolchain.program(
            "app", libraries: ["lib/\(toolchain.machine.multiarch)/libc.so.6"],
            flags: ["-rpath", "$ORIGIN/$LIB"],
            source: "void getpwnam(void); void call(void) { getpwnam(); }")
        let original = try Self.bytes(toolchain.root.path("app"))
        let structures = Self.structures(of: original)
        var random = Generator(state: 0x5eed + UInt64(machine))
        var damagedCount = 0
        for _ in 0..<1500 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let area = structures.randomElement(using: &random)!
                let position = Int.random(in: area, using: &random)
                bytes[position] = [0, 0xff, 0x7f, 0x80, UInt8.random(in: 0...255, using: &random)]
                    .randomElement(using: &random)!
            }
            if case .damaged = try Self.read(bytes) { damagedCount += 1 }
            // The whole way, so that what was read is used.
            var layer = Layer(name: "mutant")
            layer.add(.file(bytes, permissions: 0o755), at: "app")
            _ = try MergedTree.overlay([layer]).libraryGaps(of: "app")
        }
        #expect(damagedCount > 100)
    }

    /// The header, the program headers, and what they lead to: where a changed byte matters.
    private static func structures(of bytes: Bytes) -> [Range<Int>] {
        [0..<64, 0..<min(700, bytes.count), 0..<bytes.count]
    }

    /// Steele and others' SplitMix64, so that a failure happens again.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            return mixed ^ mixed >> 31
        }
    }
}
