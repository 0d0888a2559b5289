import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Kernels

@Suite struct ModuleClosureTests {
    /// Our closure of each module, without depmod, against modprobe's after depmod on a copy.
    @Test func agreesWithModprobe() throws {
        let kernel = try TestKernel.newest()
        let copy = try TemporaryDirectory()
        let folder = copy.path("lib/modules/\(kernel.version)")
        try FileManager.default.createDirectory(
            atPath: copy.path("lib/modules"), withIntermediateDirectories: true)
        // Not FileManager's copy, which wants the owner kept.
        try runProcess(["cp", "-r", kernel.modules, folder])
        try kmod(["depmod", "-b", copy.path, kernel.version])

        let plain = try ModuleDirectory(FilePath(kernel.modules))
        let indexed = try ModuleDirectory(FilePath(folder))
        let names = GuestFeature.all.compactMap(\.module) + ["ext4", "nf_tables", "xfs", "nvme"]
        for name in names {
            guard case .file = plain.place(of: name) else {
                #expect(plain.place(of: name) == .builtin, "\(name)")
                continue
            }
            let ours = try plain.closure(of: [name]).map(\.name)
            #expect(try indexed.closure(of: [name]).map(\.name).sorted() == ours.sorted())
            let shown = try kmod([
                "modprobe", "-d", copy.path, "-S", kernel.version, "--show-depends", name,
            ])
            #expect(Set(ours) == Set(modulesShown(shown)), "\(name)")
            try expectLoadable(ours, in: plain)
        }
    }

    @Test func wholeListIsLoadableInItsOrder() throws {
        let directory = try ModuleDirectory(FilePath(TestKernel.newest().modules))
        let fitness = try realBundle().fitness(for: ImageDemands(blob: .squashfs(.zstd)))
        let closure = try directory.closure(of: fitness.wantedModules)
        try expectLoadable(closure.map(\.name), in: directory)
        #expect(closure.allSatisfy { $0.bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) })
    }

    @Test func dashAndUnderscoreAreEqual() throws {
        let directory = try ModuleDirectory(FilePath(TestKernel.newest().modules))
        #expect(directory.place(of: "dm-verity") != nil)
        #expect(directory.place(of: "dm-verity") == directory.place(of: "dm_verity"))
    }

    @Test func softDependenciesComeFirstWhereTheyExist() throws {
        let directory = try modules([
            "a": "depends=b-b\0softdep=pre: s absent post: late\0",
            "b-b": "license=GPL\0depends=\0", "s": "depends=\0", "late": "depends=\0",
        ])
        #expect(try closure(of: ["a"], in: directory) == ["s", "b_b", "a"])
    }

    /// A softdep may ask for what asks for it: modprobe loads them all the same.
    @Test func softDependenciesMayGoInCircles() throws {
        let directory = try modules([
            "a": "depends=\0softdep=pre: b\0", "b": "depends=\0softdep=pre: a\0",
        ])
        #expect(try closure(of: ["a"], in: directory) == ["b", "a"])
    }

    @Test func softDependenciesMayBeAliases() throws {
        let directory = try modules([
            "a": "depends=\0softdep=pre: crypto-sum\0", "s1": "alias=crypto-sum\0depends=\0",
            "s2": "alias=other\0alias=crypto-sum\0depends=\0", "s3": "alias=other\0",
        ])
        #expect(try closure(of: ["a"], in: directory) == ["s1", "s2", "a"])
        try directory.write("alias crypto_sum s3\n", to: "modules.alias")
        #expect(try closure(of: ["a"], in: directory) == ["s3", "a"])
    }

    @Test func wantedOrderIsKept() throws {
        let directory = try modules(["c": "depends=\0", "a": "depends=c\0", "b": "depends=c\0"])
        #expect(try closure(of: ["b", "a", "c"], in: directory) == ["c", "b", "a"])
    }

    @Test func builtinModulesAreLeftOut() throws {
        let directory = try modules(["a": "depends=core-part\0"])
        try directory.write("kernel/lib/core-part.ko\n", to: "modules.builtin")
        #expect(try closure(of: ["a", "core_part"], in: directory) == ["a"])
    }

    @Test func refusals() throws {
        let directory = try modules([
            "lonely": "depends=nowhere\0", "x": "depends=y\0", "y": "depends=x\0",
        ])
        try directory.write("not an ELF", to: "kernel/broken.ko")
        try directory.write("", to: "kernel/small.ko.xz")
        let root = FilePath(directory.path)
        let cases: [(String, KernelsError)] = [
            ("unheard", .unknownModule(name: "unheard", neededBy: nil, directory: root)),
            ("lonely", .unknownModule(name: "nowhere", neededBy: "lonely", directory: root)),
            ("x", .moduleCycle(["x", "y"])),
            (
                "broken",
                .badModule(
                    path: root.appending("kernel/broken.ko"),
                    reason: "it is not a 64-bit ELF file")
            ),
            (
                "small",
                .compressedModule(
                    path: root.appending("kernel/small.ko.xz"), compression: "xz")
            ),
        ]
        for (name, expected) in cases {
            #expect(throws: expected) { try closure(of: [name], in: directory) }
        }
    }

    /// A module cut anywhere is an error or the same answer, never a trap.
    @Test func cutModules() throws {
        let whole = moduleFile("depends=a,b\0softdep=pre: c\0")
        let expected = try ModuleInformation(module: whole)
        #expect(expected.dependencies == ["a", "b"])
        #expect(expected.softDependencies == ["c"])
        for count in 0..<whole.count {
            #expect(throws: ModuleFormatError.self) {
                try ModuleInformation(module: Array(whole.prefix(count)))
            }
        }
        for offset in 0..<whole.count {
            let damaged = replacing(whole, at: offset, [0xff])
            _ = try? ModuleInformation(module: damaged)  // Any verdict will do, if there is one.
        }
    }
}

private func closure(of names: [String], in directory: TemporaryDirectory) throws -> [String] {
    try ModuleDirectory(FilePath(directory.path)).closure(of: names).map(\.name)
}

/// A module directory as a package leaves it, with one small module for each `.modinfo`.
private func modules(_ modinfo: [String: String]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    try directory.write("", to: "modules.builtin")
    for (name, text) in modinfo {
        try directory.write("", to: "kernel/\(name).ko")
        try Data(moduleFile(text)).write(to: directory.url("kernel/\(name).ko"))
    }
    return directory
}

/// An ELF file with sections .modinfo and .shstrtab, and nothing else.
private func moduleFile(_ modinfo: String) -> [UInt8] {
    let names = Array("\0.modinfo\0.shstrtab\0".utf8)
    let information = Array(modinfo.utf8)
    let tableOffset = 64 + names.count + information.count
    func number(_ value: Int, _ byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    func section(name: Int, offset: Int, byteCount: Int) -> [UInt8] {
        number(name, 4) + number(1, 4) + number(0, 16) + number(offset, 8) + number(byteCount, 8)
            + number(0, 24)
    }
    let header =
        [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + number(0, 9) + number(1, 2) + number(62, 2)
        + number(1, 4) + number(0, 16) + number(tableOffset, 8) + number(0, 4) + number(64, 2)
        + number(0, 4) + number(64, 2) + number(3, 2) + number(2, 2)
    return header + names + information + section(name: 0, offset: 0, byteCount: 0)
        + section(name: 1, offset: 64 + names.count, byteCount: information.count)
        + section(name: 10, offset: 64, byteCount: names.count)
}

/// Each module stands behind all it depends on.
private func expectLoadable(_ names: [String], in directory: ModuleDirectory) throws {
    var loaded: Set<String> = []
    for name in names {
        guard case .file(let path) = directory.place(of: name) else {
            Issue.record("\(name) is not a file")
            continue
        }
        let needed = try ModuleInformation(module: readFile(path)).dependencies
        let missing = needed.map { normalised($0) }.filter {
            directory.place(of: $0) != .builtin && !loaded.contains($0)
        }
        #expect(missing.isEmpty, "\(name)")
        #expect(loaded.insert(name).inserted)
    }
}

/// Runs a tool of kmod, which stands in /sbin, where an ordinary user's PATH does not look.
@discardableResult
private func kmod(_ arguments: [String]) throws -> String {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let result = try runProcess(arguments, environment: ["PATH": "\(path):/usr/sbin:/sbin"])
    guard result.status == 0 else {
        throw TestFailure("\(arguments.joined(separator: " ")): \(result.stderrText)")
    }
    return result.stdoutText
}

/// The names in modprobe's "insmod /path/name.ko " lines.
private func modulesShown(_ text: String) -> [String] {
    text.split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ")
        guard words.count >= 2, words[0] == "insmod" else { return nil }
        return normalised(words[1].split(separator: "/").last?.dropLast(3) ?? "")
    }
}
