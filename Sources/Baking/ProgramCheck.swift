internal import Programs
internal import Trees

/// Why a program cannot start in the guest, or may not.
struct ProgramFlaw: Equatable {
    let description: String
    /// What to do about it.
    let hint: String

    static let fileHint = "add the tree that holds it with -R, or correct 'bin'"
    static let libraryHint = "--install brings a program with its libraries"
}

/// Whether a program can start in the guest: it is there, executable, made for this machine, and
/// so are the interpreter it names and the libraries it needs. Found out before anything is
/// written, because in the guest it would only be found out by a user.
///
/// A library is missed for certain when no file of the image has its name: no rule of any loader
/// finds it then. One that stands where the loader does not look is worth a warning and no more,
/// since `LD_LIBRARY_PATH`, an ld.so.cache made at boot or a launcher may lead there.
struct ProgramCheck {
    let tree: MergedTree

    /// What is found out about one program.
    struct Finding {
        /// For certain.
        var flaw: ProgramFlaw?
        var warnings: [ProgramFlaw] = []
    }

    /// - Parameter checksLibraries: no, where the program's environment changes the loader's rules.
    /// - Throws: when a file cannot be read.
    func finding(
        of program: Bytes, checksLibraries: Bool = true
    ) throws(TreeError) -> Finding {
        try finding(of: program, nesting: 0, checksLibraries)
    }

    private func finding(
        of program: Bytes, nesting: Int, _ checksLibraries: Bool
    ) throws(TreeError) -> Finding {
        let name = String(printable: program)
        let walk = try PathWalk(program, in: tree)
        if let flaw = Self.flaw(of: walk, program, name) { return Finding(flaw: flaw) }
        guard let file = walk.file else { return Finding() }
        let head = try file.node.content(limitByteCount: ScriptLine.headByteCount) ?? []
        guard !head.isEmpty else { return Finding(flaw: .file("'\(name)' is empty")) }
        if let line = ScriptLine(head) {
            return try finding(ofInterpreter: line.interpreter, of: name, nesting, checksLibraries)
        }
        switch try ELFFile.read(file.content) {
        case .notELF: return Finding()
        case .damaged(let flaw):
            return Finding(warnings: [.file("'\(name)' begins like an ELF file, but \(flaw)")])
        case .file(let elf):
            guard ELFMachine.x86_64.accepts(elf.machine) else {
                return Finding(
                    flaw: .file("'\(name)' is a program for another machine than x86-64"))
            }
            guard let interpreter = elf.interpreter else { return Finding() }
            let found = try finding(ofInterpreter: interpreter, of: name, nesting, false)
            if found.flaw != nil || !checksLibraries { return found }
            return try libraries(of: file.path, name)
        }
    }

    private func finding(
        ofInterpreter interpreter: Bytes, of name: String, _ nesting: Int, _ checksLibraries: Bool
    ) throws(TreeError) -> Finding {
        guard nesting < ScriptLine.nestingLimit else {
            let limit = ScriptLine.nestingLimit
            return Finding(
                flaw: .file("'\(name)' needs more than \(limit) interpreters of interpreters"))
        }
        var finding = try finding(of: interpreter, nesting: nesting + 1, checksLibraries)
        finding.flaw = finding.flaw.map {
            ProgramFlaw(
                description: "'\(name)' needs its interpreter: \($0.description)", hint: $0.hint)
        }
        return finding
    }

    private static func flaw(of walk: PathWalk, _ program: Bytes, _ name: String) -> ProgramFlaw? {
        switch walk.end {
        case .missing(let path) where path.bytes == TreePath(program)?.bytes:
            .file("'\(name)' is not in the image")
        case .missing(let path): .file("'\(name)' is not in the image: there is no '\(path)'")
        case .tooManyLinks: .file("'\(name)' is a circle of symbolic links")
        case .found(_, let node):
            if case .regular = node.kind {
                node.permissions & 0o111 == 0 ? .file("'\(name)' is not executable") : nil
            } else {
                .file("'\(name)' is \(node.kind.noun)")
            }
        }
    }

    private func libraries(of place: TreePath, _ name: String) throws(TreeError) -> Finding {
        var finding = Finding()
        var missing: [String] = []
        for gap in try tree.libraryGaps(of: place) {
            let library = String(printable: gap.library.name)
            let isOwn = gap.library.neededBy == place
            let need = isOwn ? library : "\(library) (for \(gap.library.neededBy))"
            if gap.elsewhere.isEmpty {
                missing.append(need)
            } else {
                let places = gap.elsewhere.map(\.description).joined(separator: ", ")
                finding.warnings.append(
                    .library(
                        "'\(name)' needs \(need), which is at \(places), where its loader does "
                            + "not look"))
            }
        }
        if !missing.isEmpty {
            let verb = missing.count == 1 ? "is" : "are"
            let list = missing.joined(separator: ", ")
            finding.flaw = .library("'\(name)' needs \(list), which \(verb) not in the image")
        }
        return finding
    }
}

extension ProgramFlaw {
    fileprivate static func file(_ text: String) -> ProgramFlaw {
        ProgramFlaw(description: text, hint: fileHint)
    }

    fileprivate static func library(_ text: String) -> ProgramFlaw {
        ProgramFlaw(description: text, hint: libraryHint)
    }
}
