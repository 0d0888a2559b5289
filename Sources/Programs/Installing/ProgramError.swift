public import Trees

/// Why programs could not be brought.
public enum ProgramError: Error, Sendable, Equatable {
    case tree(TreeError)
    /// Somebody named it, and it is not there; the first path that is missing.
    case notFound(path: String, missing: TreePath, sysroot: String?)
    /// A name without a slash that no directory of programs has.
    case unknownProgram(name: String, sysroot: String?)
    case tooManyLinks(path: String)
    /// Somebody named it, and no loader would take it.
    case damaged(TreePath, ELFFlaw)
    /// Interpreters of interpreters, more than the kernel follows.
    case tooManyInterpreters(TreePath)
    /// All that is needed and not there.
    case missing([MissingLibrary])
}

extension ProgramError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tree(let error): return error.description
        case .notFound(let path, let missing, let sysroot):
            return "cannot install '\(path)': there is no '\(missing)'\(Self.place(sysroot))"
        case .unknownProgram(let name, let sysroot):
            let directories = ProgramDirectories.all.map { String(printable: $0) }
            return """
                cannot install '\(name)': it is not in \(directories.joined(separator: ", "))\
                \(Self.place(sysroot))
                """
        case .tooManyLinks(let path):
            return "cannot install '\(path)': it is a circle of symbolic links"
        case .damaged(let path, let flaw):
            return "cannot install '\(path)': it begins like an ELF file, but \(flaw)"
        case .tooManyInterpreters(let path):
            return """
                cannot install '\(path)': it needs more than \(ScriptLine.nestingLimit) \
                interpreters of interpreters
                """
        case .missing(let missing):
            let lines = missing.map { "\n  \($0)" }.joined()
            return "cannot install everything: of what is needed, this is missing:\(lines)"
        }
    }

    /// What to do about it, where that is known.
    public var hint: String? {
        switch self {
        case .notFound(_, _, .some(let sysroot)):
            "paths begin in '\(sysroot)': write /usr/bin/env for its usr/bin/env"
        case .unknownProgram: "name it by its path"
        case .missing: "install what is missing, or go on without it: --allow-missing"
        default: nil
        }
    }

    private static func place(_ sysroot: String?) -> String {
        sysroot.map { " in '\($0)'" } ?? ""
    }
}
