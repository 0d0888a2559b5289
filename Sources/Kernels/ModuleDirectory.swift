public import SystemPackage
internal import Tools

/// A directory of modules, /lib/modules/VERSION or alike: which modules it has, and where.
///
/// It need not have been through depmod: Debian packages come without modules.dep, so without
/// one the files below it are listed, and each module is asked what it depends on.
public struct ModuleDirectory: Sendable {
    public let path: FilePath
    /// Names of the files, relative to `path`, by module name.
    private var files: [String: FilePath] = [:]
    /// Modules that are part of the kernel.
    private var builtin: Set<String> = []
    /// By module name, from modules.dep; nil without one.
    private var dependencies: [String: [String]]?
    /// Module names by alias, from modules.alias; nil without one.
    private var aliases: [String: [String]]?

    public enum Place: Equatable, Sendable {
        case file(FilePath)
        case builtin
    }

    public init(_ path: FilePath) throws(KernelsError) {
        self.path = path
        builtin = Set(try lines(of: "modules.builtin").map { moduleName(of: $0) })
        let dependencyLines = try lines(of: "modules.dep")
        if dependencyLines.isEmpty {
            try scan("")
        } else {
            take(dependencyLines: dependencyLines)
        }
        let aliasLines = try lines(of: "modules.alias")
        if !aliasLines.isEmpty { take(aliasLines: aliasLines) }
    }

    /// Where a module is; '-' and '_' in `name` are the same. Nil when there is none.
    public func place(of name: String) -> Place? {
        let name = normalised(name)
        if let file = files[name] { return .file(path.pushing(file)) }
        return builtin.contains(name) ? .builtin : nil
    }

    /// All that `name` stands for: itself, or the modules that have it as alias. Only names as
    /// softdep gives them, without wildcards.
    func modules(for name: String) throws(KernelsError) -> [String] {
        let name = normalised(name)
        if place(of: name) != nil { return [name] }
        if let aliases { return aliases[name] ?? [] }
        // Reads every module, which is why it is kept for the rare softdep by alias (crc32c).
        var named: [String] = []
        for (module, file) in files where file.extension == "ko" {
            let bytes = try readFile(path.pushing(file))
            let information = try? ModuleInformation(module: bytes)  // Damaged, it has no alias.
            if information?.aliases.contains(name) == true { named.append(module) }
        }
        return named.sorted()
    }

    func dependencies(of name: String) -> [String]? { dependencies?[normalised(name)] }

    private func lines(of file: String) throws(KernelsError) -> [String] {
        let file = path.appending(file)
        guard kind(of: file) == .file else { return [] }
        return try readFile(file).split(separator: UInt8(ascii: "\n"))
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// `kernel/fs/a.ko: kernel/lib/b.ko kernel/lib/c.ko`; a path may be absolute.
    private mutating func take(dependencyLines: [String]) {
        var dependencies: [String: [String]] = [:]
        for line in dependencyLines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let file = String(line[..<colon])
            files[moduleName(of: file)] = FilePath(file)
            dependencies[moduleName(of: file)] =
                line[line.index(after: colon)...].split(separator: " ")
                .map { moduleName(of: String($0)) }
        }
        self.dependencies = dependencies
    }

    /// `alias crypto-crc32c crc32c_intel`.
    private mutating func take(aliasLines: [String]) {
        var aliases: [String: [String]] = [:]
        for line in aliasLines {
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "alias" else { continue }
            aliases[normalised(words[1]), default: []].append(normalised(words[2]))
        }
        self.aliases = aliases
    }

    private mutating func scan(_ folder: String) throws(KernelsError) {
        for name in try namesInDirectory(path.appending(folder)) {
            // Debian's header packages leave these two links beside the modules.
            if folder.isEmpty && (name == "build" || name == "source") { continue }
            let entry = folder.isEmpty ? name : folder + "/" + name
            if isModuleFile(name) {
                files[moduleName(of: name)] = FilePath(entry)
            } else if kind(of: path.appending(entry)) == .directory {
                try scan(entry)
            }
        }
    }
}

/// A module's name with '-' as '_': to modprobe they are the same.
func normalised(_ name: some StringProtocol) -> String {
    let dash = UInt8(ascii: "-")
    return String(decoding: name.utf8.map { $0 == dash ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
}

private let suffixes = [".ko", ".ko.gz", ".ko.xz", ".ko.zst"]

private func isModuleFile(_ name: String) -> Bool { suffixes.contains { name.hasSuffix($0) } }

/// "kernel/drivers/md/dm-mod.ko" is dm_mod.
private func moduleName(of file: String) -> String {
    let last = file.lastIndex(of: "/").map { file[file.index(after: $0)...] } ?? file[...]
    let suffix = suffixes.first { last.hasSuffix($0) } ?? ""
    return normalised(last.dropLast(suffix.count))
}
