/// A place in a text, both from 1; columns count characters.
public struct TextPosition: Equatable, Sendable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// Why a configuration, a kernel command line, a manifest or a bake.json is refused.
///
/// `description` is one line: `rumpconfig.json:7:12: error: 'hostname' must be a string`.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// What the user calls the text: a file name, `kernel command line`.
    public var file: Bytes
    /// nil where the problem is not at one place of a text.
    public var position: TextPosition?
    public var problem: ConfigurationProblem

    public init(file: Bytes, position: TextPosition?, problem: ConfigurationProblem) {
        self.file = file
        self.position = position
        self.problem = problem
    }

    public var description: String { "\(place): error: \(problem.description)" }

    /// The same line as a warning, for what is no more than odd.
    public var warning: String { "\(place): warning: \(problem.description)" }

    /// The same line for what is worth knowing and nothing more.
    public var note: String { "\(place): note: \(problem.description)" }

    /// What the guest reports when this stops it.
    public var status: GuestStatus {
        file == KernelCommandLine.fileName ? .commandLine : .configuration
    }

    public var place: ConfigurationPlace { ConfigurationPlace(file: file, position: position) }
}

/// Where a setting stands: `rumpconfig.json:7:12`.
public struct ConfigurationPlace: Equatable, Sendable, CustomStringConvertible {
    /// What the user calls the text.
    public var file: Bytes
    public var position: TextPosition?

    public var description: String {
        guard let position else { return file.printable }
        return "\(file.printable):\(position.line):\(position.column)"
    }
}

/// What is wrong with a text as JSON.
public enum JSONProblem: Sendable {
    case tooLarge(byteCount: Int, limit: Int)
    case tooDeep(limit: Int)
    case byteOrderMark
    case nulByte
    case invalidUTF8
    case empty
    case unexpectedEnd
    case expected(StaticString)
    case trailingComma
    case textBehind
    case unterminatedString
    case controlCharacter(UInt8)
    case badEscape
    case loneSurrogate
    case leadingZero
    case nulInKey
    case repeatedKey(Bytes, first: TextPosition)
    case refusedByParser
    case outOfMemory
}

extension JSONProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooLarge(let byteCount, let limit):
            "the text is \(byteCount) bytes long, at most \(limit) are read"
        case .tooDeep(let limit): "more than \(limit) arrays and objects within each other"
        case .byteOrderMark: "the text begins with a byte order mark; save it as UTF-8 without one"
        case .nulByte: "a NUL byte in the text"
        case .invalidUTF8: "the text is not UTF-8 here"
        case .empty: "the text is empty, a JSON object is expected"
        case .unexpectedEnd: "the text ends before its last value is complete"
        case .expected(let what): "expected \(what.description)"
        case .trailingComma: "a comma with nothing behind it"
        case .textBehind: "text behind the end of the JSON value"
        case .unterminatedString: "this string has no closing quote"
        case .controlCharacter(let byte):
            "byte \(byte) in a string; write control characters as escapes such as \\n or \\u0009"
        case .badEscape: "this is no escape that JSON knows"
        case .loneSurrogate: "half of a surrogate pair is no character"
        case .leadingZero: "a number must not begin with a zero"
        case .nulInKey: "a NUL character in a key"
        case .repeatedKey(let key, let first):
            "'\(key.printable)' is given twice, first at \(first.line):\(first.column)"
        case .refusedByParser: "this is not JSON"
        case .outOfMemory: "out of memory"
        }
    }
}
