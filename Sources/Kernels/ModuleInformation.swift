/// What a module says about itself in its `.modinfo` section: NUL-separated `key=value` texts
/// (include/linux/module.h, MODULE_INFO).
struct ModuleInformation: Equatable, Sendable {
    /// Modules whose symbols it uses.
    let dependencies: [String]
    /// Modules to load before it where they exist: `softdep=pre: a b post: c`.
    let softDependencies: [String]
    /// Other names it can be asked for by, patterns among them; '-' read as '_'.
    let aliases: [String]

    /// Reads a module's file, a 64-bit little-endian ELF.
    init(module bytes: [UInt8]) throws(ModuleFormatError) {
        let section = try sectionNamed(".modinfo", in: bytes)
        var dependencies: [String] = []
        var softDependencies: [String] = []
        var aliases: [String] = []
        for entry in section.split(separator: 0) {
            let text = String(decoding: entry, as: UTF8.self)
            if text.hasPrefix("depends=") {
                dependencies += text.dropFirst(8).split(separator: ",").map(String.init)
            } else if text.hasPrefix("softdep=") {
                softDependencies += namesBefore(in: text.dropFirst(8))
            } else if text.hasPrefix("alias=") {
                aliases.append(normalised(text.dropFirst(6)))
            }
        }
        self.dependencies = dependencies
        self.softDependencies = softDependencies
        self.aliases = aliases
    }
}

struct ModuleFormatError: Error {
    let reason: String
}

/// The names behind `pre:` in a softdep text.
private func namesBefore(in text: Substring) -> [String] {
    var isBefore = false
    var names: [String] = []
    for word in text.split(separator: " ") {
        switch word {
        case "pre:": isBefore = true
        case "post:": isBefore = false
        default: if isBefore { names.append(String(word)) }
        }
    }
    return names
}

/// The bytes of an ELF section. Offsets: elf(5), Elf64_Ehdr and Elf64_Shdr.
private func sectionNamed(
    _ name: String, in bytes: [UInt8]
) throws(ModuleFormatError) -> ArraySlice<UInt8> {
    guard bytes.count >= 64, bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else {
        throw ModuleFormatError(reason: "it is not a 64-bit ELF file")
    }
    let tableOffset = bytes.number(at: 0x28, as: UInt64.self)
    let entryByteCount = Int(bytes.number(at: 0x3a, as: UInt16.self))
    let entryCount = Int(bytes.number(at: 0x3c, as: UInt16.self))
    let nameTableIndex = Int(bytes.number(at: 0x3e, as: UInt16.self))
    guard
        entryByteCount >= 64, nameTableIndex < entryCount,
        tableOffset <= UInt64(bytes.count),
        entryCount * entryByteCount <= bytes.count - Int(tableOffset)
    else { throw ModuleFormatError(reason: "its section table is damaged") }

    func contents(_ index: Int) throws(ModuleFormatError) -> ArraySlice<UInt8> {
        let header = Int(tableOffset) + index * entryByteCount
        let offset = bytes.number(at: header + 0x18, as: UInt64.self)
        let byteCount = bytes.number(at: header + 0x20, as: UInt64.self)
        guard offset <= UInt64(bytes.count), byteCount <= UInt64(bytes.count) - offset else {
            throw ModuleFormatError(reason: "a section reaches beyond its end")
        }
        return bytes[Int(offset)..<Int(offset + byteCount)]
    }

    let names = try contents(nameTableIndex)
    for index in 0..<entryCount {
        let header = Int(tableOffset) + index * entryByteCount
        let nameOffset = Int(bytes.number(at: header, as: UInt32.self))
        guard nameOffset < names.count else { continue }
        if names.dropFirst(nameOffset).prefix(while: { $0 != 0 }).elementsEqual(name.utf8) {
            return try contents(index)
        }
    }
    throw ModuleFormatError(reason: "it has no section \(name)")
}
