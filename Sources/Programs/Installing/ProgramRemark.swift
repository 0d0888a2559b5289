internal import Trees

/// Something to know about what was brought, or was not.
enum ProgramRemark: Hashable {
    case missing(MissingLibrary)
    /// A library that a plugin needs has no place the loader knows, but it is among the files: the
    /// program that opens the plugin has loaded it by then.
    case leftToProgram(name: Bytes, plugin: TreePath)
    case damaged(TreePath, ELFFlaw)
    case recommendedMissing([Bytes], feature: Bytes?, by: TreePath)
    case suggested([Bytes], feature: Bytes?, by: TreePath)
    case nameServices(
        database: String, function: Bytes, by: TreePath, services: [Bytes], brought: [Bytes],
        missing: [Bytes], isConfigured: Bool)
    case variantsLeftOut(name: Bytes, paths: [Bytes])
    case cacheMade(libraries: [Bytes])
    case noCache(name: Bytes)
    /// A link in an installed directory leads to a directory elsewhere.
    case directoryLeftOut(link: TreePath, directory: TreePath)
    case outputLeftOut(TreePath)
}

extension ProgramRemark: CustomStringConvertible {
    var description: String {
        switch self {
        case .missing(let library): return "\(library)"
        case .leftToProgram(let name, let plugin):
            return """
                \(plugin) needs \(String(printable: name)), which its loader would not find; it is \
                among the files, for the program that opens \(plugin)
                """
        case .damaged(let path, let flaw):
            return "\(path) begins like an ELF file, but \(flaw): nothing was brought for it"
        case .recommendedMissing(let names, let feature, let path):
            return """
                \(Self.list(names)), which \(path) should have\(Self.purpose(feature)), is not \
                there
                """
        case .suggested(let names, let feature, let path):
            return """
                \(Self.list(names)), which \(path) can use\(Self.purpose(feature)), was not brought
                """
        case .nameServices(
            let database, let function, let path, let services, let brought, let missing,
            let isConfigured):
            let origin = isConfigured ? String(printable: NameServices.path) : "glibc"
            let came = brought.isEmpty ? "" : "; brought: \(Self.list(brought))"
            let lacking = missing.isEmpty ? "" : "; not there: \(Self.list(missing))"
            return """
                \(path) asks for names (\(String(printable: function))), for which \(origin) has \
                '\(database): \(Self.list(services, " "))'\(came)\(lacking)
                """
        case .variantsLeftOut(let name, let paths):
            return """
                of \(String(printable: name)) the build for every processor was brought, not \
                \(Self.list(paths))
                """
        case .cacheMade(let libraries):
            return """
                \(LibraryCache.path) was made for \(Self.list(libraries)), outside of the loader's \
                own directories
                """
        case .noCache(let name):
            return """
                \(String(printable: name)) is outside of the loader's own directories, and for its \
                machine no \(LibraryCache.path) can be made
                """
        case .directoryLeftOut(let link, let directory):
            return "\(link) leads to the directory \(directory), which was not brought"
        case .outputLeftOut(let path): return "\(path) is the output itself and was left out"
        }
    }

    private static func list(_ names: [Bytes], _ separator: String = ", ") -> String {
        names.map { String(printable: $0) }.joined(separator: separator)
    }

    private static func purpose(_ feature: Bytes?) -> String {
        feature.map { " for \(String(printable: $0))" } ?? ""
    }
}
