import Testing
import Trees

@testable import Baking

/// Whether a program could start in the guest, told from the merged tree alone.
@Suite struct ProgramCheckTests {
    /// An ELF file with three program headers, as the ELF-64 specification lays them out: all of
    /// the file (PT_LOAD), the interpreter, the dynamic section.
    private static func elf(
        machine: UInt8 = 62, interpreter: String? = nil, needed: [String] = []
    ) -> Bytes {
        var strings: Bytes = [0]
        func place(_ text: String) -> Int {
            defer { strings += Bytes(text.utf8) + [0] }
            return strings.count
        }
        let names = needed.map { (tag: 1, value: place($0)) }  // DT_NEEDED
        let interpreterStart = interpreter.map { 232 + place($0) }
        strings += Bytes(repeating: 0, count: 8 - strings.count % 8)
        let dynamicStart = 232 + strings.count
        // DT_STRTAB, DT_STRSZ, DT_NULL
        let dynamic = names + [(5, 232), (10, strings.count), (0, 0)]
        let end = dynamicStart + dynamic.count * 16
        func segment(_ type: UInt8, _ start: Int, _ count: Int) -> Bytes {
            [type, 0, 0, 0, 4, 0, 0, 0] + [start, start, start, count, count, 8].flatMap(number)
        }
        var bytes: Bytes = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + Bytes(repeating: 0, count: 57)
        bytes.replaceSubrange(16..<20, with: [3, 0, machine, 0])
        bytes[32] = 64  // e_phoff
        bytes[54] = 56  // e_phentsize
        bytes[56] = 3  // e_phnum
        bytes += segment(1, 0, end)
        bytes += segment(
            interpreter == nil ? 0 : 3, interpreterStart ?? 0, (interpreter?.utf8.count ?? 0) + 1)
        bytes += segment(needed.isEmpty ? 0 : 2, dynamicStart, dynamic.count * 16)
        return bytes + strings + dynamic.flatMap { number($0.tag) + number($0.value) }
    }

    /// Little-endian, 8 bytes.
    private static func number(_ value: Int) -> Bytes {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    private static func program(_ content: Bytes, permissions: UInt16 = 0o755) -> Node {
        .file(content, permissions: permissions)
    }

    private static let tree: [(TreePath, Node)] = [
        ("bin/static", program(elf())),
        ("bin/dynamic", program(elf(interpreter: "/lib64/ld.so"))),
        ("bin/orphan", program(elf(interpreter: "/lib64/absent.so"))),
        ("bin/foreign", program(elf(machine: 183))),
        ("bin/data", program(elf(), permissions: 0o644)),
        ("bin/empty", program([])),
        ("bin/script", program(Bytes("#! /bin/static -x\n".utf8))),
        ("bin/lost", program(Bytes("#!/bin/absent\n".utf8))),
        ("bin/link", .symlink(to: Bytes("../bin/static".utf8))),
        ("bin/absolute", .symlink(to: Bytes("/bin/link".utf8))),
        ("bin/above", .symlink(to: Bytes("../../../bin/static".utf8))),
        ("bin/dangling", .symlink(to: Bytes("nowhere".utf8))),
        ("bin/circle", .symlink(to: Bytes("circle".utf8))),
        ("bin/linked", program(elf(interpreter: loader, needed: ["libz.so.1", "libc.so.6"]))),
        ("bin/short", program(elf(interpreter: loader, needed: ["libno.so.1", "libm.so.6"]))),
        ("bin/deep", program(elf(interpreter: loader, needed: ["liby.so.1"]))),
        ("bin/far", program(elf(interpreter: loader, needed: ["libfar.so.1"]))),
        ("bin/strange", program(elf(interpreter: "/lib64/ld.so", needed: ["libno.so.1"]))),
        ("bin/byScript", program(Bytes("#!/bin/short\n".utf8))),
        ("bin/damaged", program(Bytes(elf(interpreter: loader).prefix(200)))),
        ("lib64", .symlink(to: Bytes("usr/lib".utf8))),
        ("usr/lib/ld.so", program(elf())),
        ("usr/lib/ld-linux-x86-64.so.2", program(elf())),
        ("usr/lib/libc.so.6", program(elf())),
        ("usr/lib/x86_64-linux-gnu/libz.so.1", program(elf())),
        ("usr/lib/liby.so.1", program(elf(needed: ["libno.so.2"]))),
        ("opt/lib/libfar.so.1", program(elf())),
    ]

    private static let loader = "/lib64/ld-linux-x86-64.so.2"

    private static func check() throws -> ProgramCheck {
        var layer = Layer(name: "tree")
        for (path, node) in tree { layer.add(node, at: path) }
        return ProgramCheck(tree: try MergedTree.overlay([layer]))
    }

    @Test(arguments: [
        "/bin/static", "/bin/dynamic", "/bin/script", "/bin/link", "/bin/absolute", "/bin/above",
        "/bin/linked", "/bin/strange",
    ])
    func starts(program: String) throws {
        let finding = try Self.check().finding(of: Bytes(program.utf8))
        #expect(finding.flaw == nil)
        #expect(finding.warnings.isEmpty)
    }

    /// What a loader's rules do not find, but the image has, may be found all the same.
    @Test(arguments: [
        (
            "/bin/far",
            "'/bin/far' needs libfar.so.1, which is at /opt/lib/libfar.so.1, where its loader does "
                + "not look"
        ),
        (
            "/bin/damaged",
            "'/bin/damaged' begins like an ELF file, but the table of program headers lies outside "
                + "of the file"
        ),
    ])
    func mayStart(program: String, warning: String) throws {
        let finding = try Self.check().finding(of: Bytes(program.utf8))
        #expect(finding.flaw == nil)
        #expect(finding.warnings.map(\.description) == [warning])
    }

    @Test func librariesAreLeftToTheEnvironment() throws {
        let finding = try Self.check().finding(
            of: Bytes("/bin/short".utf8), checksLibraries: false)
        #expect(finding.flaw == nil)
    }

    @Test func everyFlawHasAHint() throws {
        let check = try Self.check()
        let library = try check.finding(of: Bytes("/bin/short".utf8)).flaw
        #expect(library?.hint == "--install brings a program with its libraries")
        let file = try check.finding(of: Bytes("/bin/no".utf8)).flaw
        #expect(file?.hint.hasPrefix("add the tree that holds it") == true)
    }

    @Test(arguments: [
        ("/bin/no", "'/bin/no' is not in the image"),
        ("/bin", "'/bin' is a directory"),
        ("/bin/data", "'/bin/data' is not executable"),
        ("/bin/empty", "'/bin/empty' is empty"),
        ("/bin/foreign", "'/bin/foreign' is a program for another machine than x86-64"),
        (
            "/bin/orphan",
            "'/bin/orphan' needs its interpreter: '/lib64/absent.so' is not in the image: "
                + "there is no '/usr/lib/absent.so'"
        ),
        ("/bin/lost", "'/bin/lost' needs its interpreter: '/bin/absent' is not in the image"),
        (
            "/bin/dangling",
            "'/bin/dangling' is not in the image: there is no '/bin/nowhere'"
        ),
        ("/bin/circle", "'/bin/circle' is a circle of symbolic links"),
        ("/bin/short", "'/bin/short' needs libno.so.1, libm.so.6, which are not in the image"),
        (
            "/bin/deep",
            "'/bin/deep' needs libno.so.2 (for /usr/lib/liby.so.1), which is not in the image"
        ),
        (
            "/bin/byScript",
            "'/bin/byScript' needs its interpreter: '/bin/short' needs libno.so.1, libm.so.6, "
                + "which are not in the image"
        ),
    ])
    func doesNotStart(program: String, flaw: String) throws {
        #expect(try Self.check().finding(of: Bytes(program.utf8)).flaw?.description == flaw)
    }
}
