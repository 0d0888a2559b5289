internal import Trees

/// Whether a program can start in the guest: it is there, executable, made for this machine, and
/// so is the interpreter it names. Found out before anything is written, because in the guest it
/// would only be found out by a user.
struct ProgramCheck {
    let tree: MergedTree

    /// Bytes of a file that execve(2) and we look at.
    private static let headByteCount = 4096
    /// Interpreters of interpreters; the kernel stops at 5 (exec_binprm).
    private static let nestingLimit = 5

    /// Why the program cannot start, in words; nil when nothing speaks against it.
    ///
    /// - Throws: when the file cannot be read.
    func flaw(of program: Bytes) throws(TreeError) -> String? {
        try flaw(of: program, nesting: 0)
    }

    private func flaw(of program: Bytes, nesting: Int) throws(TreeError) -> String? {
        let name = String(printable: program)
        let node: Node
        switch tree.resolve(program) {
        case .found(_, let found): node = found
        case .missing(let path) where path.bytes == TreePath(program)?.bytes:
            return "'\(name)' is not in the image"
        case .missing(let path): return "'\(name)' is not in the image: there is no '\(path)'"
        case .tooManyLinks: return "'\(name)' is a circle of symbolic links"
        }
        guard case .regular = node.kind else { return "'\(name)' is \(node.kind.noun)" }
        guard node.permissions & 0o111 != 0 else { return "'\(name)' is not executable" }
        let head = try node.content(limitByteCount: Self.headByteCount) ?? []
        guard !head.isEmpty else { return "'\(name)' is empty" }
        guard let interpreter = interpreter(namedBy: head) else {
            return machineFlaw(of: head, name: name)
        }
        guard nesting < Self.nestingLimit else {
            return "'\(name)' needs more than \(Self.nestingLimit) interpreters of interpreters"
        }
        if let flaw = machineFlaw(of: head, name: name) { return flaw }
        return try flaw(of: interpreter, nesting: nesting + 1).map {
            "'\(name)' needs its interpreter: \($0)"
        }
    }

    private static let elfMagic: Bytes = [0x7f, 0x45, 0x4c, 0x46]

    /// ELF-64 Object File Format, "ELF Header": class 2, little-endian, machine 62 (x86-64).
    private func machineFlaw(of head: Bytes, name: String) -> String? {
        guard head.starts(with: Self.elfMagic), head.count >= 64 else { return nil }
        let machine = UInt16(head[18]) | UInt16(head[19]) << 8
        let isForThisMachine = head[4] == 2 && head[5] == 1 && machine == 62
        return isForThisMachine ? nil : "'\(name)' is a program for another machine than x86-64"
    }

    /// The `#!` interpreter, or the PT_INTERP segment's; nil for static programs.
    private func interpreter(namedBy head: Bytes) -> Bytes? {
        if head.starts(with: "#!".utf8) {
            let line = head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
            return line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }).first.map { Bytes($0) }
        }
        guard head.starts(with: Self.elfMagic), head.count >= 64, head[4] == 2 else { return nil }
        let table = number(in: head, at: 32, byteCount: 8)
        let entryByteCount = number(in: head, at: 54, byteCount: 2)
        let entryCount = number(in: head, at: 56, byteCount: 2)
        for index in 0..<entryCount {
            let entry = table &+ index &* entryByteCount
            guard entry >= 0, entry <= head.count - 56 else { return nil }
            guard number(in: head, at: entry, byteCount: 4) == 3 else { continue }
            let start = number(in: head, at: entry + 8, byteCount: 8)
            guard start >= 0, start < head.count else { return nil }
            return Bytes(head[start...].prefix { $0 != 0 })
        }
        return nil
    }

    private func number(in bytes: Bytes, at offset: Int, byteCount: Int) -> Int {
        (0..<byteCount).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
    }
}
