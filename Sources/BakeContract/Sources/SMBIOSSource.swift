/// SMBIOS OEM strings: every `io.bake.config=TEXT` among the strings of the type 11 structures
/// (`qemu -smbios type=11,value=...`, a cloud's own tables), in their order. TEXT is a
/// configuration, or `replace`.
///
///     offset  bytes  meaning (DMTF DSP0134, 6.1.2 and 7.12)
///          0      1  type, 11
///          1      1  length of the formatted part, at least 5
///          2      2  handle
///          4      1  how many strings follow
///     length         strings, each with a NUL behind it, and one more NUL
public struct SMBIOSSource: ConfigurationSource {
    /// As /sys/firmware/dmi/entries/11-*/raw has them, in the order of their instances.
    public var structures: [Bytes]

    public init(structures: [Bytes]) {
        self.structures = structures
    }

    /// Every string is a line of the text that messages speak of, so that the line is its number.
    public func settings() throws(ConfigurationError) -> SourceSettings {
        let file = Bytes("SMBIOS type 11 strings")
        var strings: [Bytes] = []
        for index in structures.indices {
            do {
                strings += try Self.strings(of: structures[index])
            } catch {
                throw ConfigurationError(file: file, position: nil, problem: .smbios(error))
            }
        }
        var settings = SourceSettings(kind: .smbios, file: file, text: [])
        for string in strings { settings.text += string + [ASCII.newline] }
        var start = 0
        for string in strings {
            defer { start += string.count + 1 }
            guard string.starts(with: Self.key) else { continue }
            let value = (start + Self.key.utf8CodeUnitCount)..<(start + string.count)
            if Bytes(settings.text[value]).equals("replace") {
                settings.isReplacing = true
            } else {
                try settings.addDocument(value)
            }
        }
        return settings
    }

    /// A structure of these strings, as a machine's tables hold it. Strings are neither empty nor
    /// have NUL in them; more than 255 do not fit.
    public static func structure(of strings: [Bytes]) -> Bytes? {
        guard strings.count <= 255, strings.allSatisfy({ !$0.isEmpty && !$0.contains(0) }) else {
            return nil
        }
        var structure: Bytes = [11, 5, 0, 0, UInt8(strings.count)]
        for string in strings { structure += string + [0] }
        return structure + (strings.isEmpty ? [0, 0] : [0])
    }

    private static let key: StaticString = "io.bake.config="

    /// The strings of one structure. Their announced number is not looked at: firmware of others
    /// gets it wrong, and the list has an end of its own.
    static func strings(of structure: Bytes) throws(SMBIOSProblem) -> [Bytes] {
        guard structure.count >= 5, structure[0] == 11 else { throw .notOfType11 }
        let formattedByteCount = Int(structure[1])
        guard formattedByteCount >= 5, formattedByteCount <= structure.count else {
            throw .badLength
        }
        var strings: [Bytes] = []
        var rest = structure.dropFirst(formattedByteCount)
        // An empty string ends the list.
        while let first = rest.first, first != 0 {
            guard let end = rest.firstIndex(of: 0) else { throw .openString }
            strings.append(Bytes(rest[..<end]))
            rest = rest[(end + 1)...]
        }
        return strings
    }
}

/// Why a structure is none of SMBIOS type 11.
public enum SMBIOSProblem: Error, Equatable, Sendable {
    case notOfType11
    case badLength
    case openString
}

extension SMBIOSProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notOfType11: "this is no SMBIOS structure of type 11"
        case .badLength: "the structure is shorter than it says"
        case .openString: "the last string has no end"
        }
    }
}
