import Testing
import Trees

@testable import Baking

/// Whether a program could start in the guest, told from the merged tree alone.
@Suite struct ProgramCheckTests {
    /// An ELF header with one program header, as the ELF-64 specification lays them out.
    private static func elf(machine: UInt8 = 62, interpreter: String? = nil) -> Bytes {
        var bytes = Bytes(repeating: 0, count: 64 + 56)
        bytes.replaceSubrange(0..<6, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1])
        bytes[18] = machine
        bytes[32] = 64  // e_phoff
        bytes[54] = 56  // e_phentsize
        bytes[56] = 1  // e_phnum
        if let interpreter {
            bytes[64] = 3  // PT_INTERP
            bytes[72] = 120  // p_offset
            bytes += Bytes(interpreter.utf8) + [0]
        }
        return bytes
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
        ("lib64", .symlink(to: Bytes("usr/lib".utf8))),
        ("usr/lib/ld.so", program(elf())),
    ]

    private static func check() throws -> ProgramCheck {
        var layer = Layer(name: "tree")
        for (path, node) in tree { layer.add(node, at: path) }
        return ProgramCheck(tree: try MergedTree.overlay([layer]))
    }

    @Test(arguments: [
        "/bin/static", "/bin/dynamic", "/bin/script", "/bin/link", "/bin/absolute", "/bin/above",
    ])
    func starts(program: String) throws {
        #expect(try Self.check().flaw(of: Bytes(program.utf8)) == nil)
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
    ])
    func doesNotStart(program: String, flaw: String) throws {
        #expect(try Self.check().flaw(of: Bytes(program.utf8)) == flaw)
    }
}
