/// The first line of a script (execve(2), "Interpreter scripts").
public struct ScriptLine: Sendable, Hashable {
    public let interpreter: [UInt8]
    /// Everything behind it: the kernel hands it over as one argument.
    public let argument: [UInt8]?

    /// Bytes of the line that the kernel looks at (BINPRM_BUF_SIZE since Linux 5.1).
    public static let headByteCount = 256
    /// Interpreters that are scripts themselves; the kernel stops there (exec_binprm).
    public static let nestingLimit = 5

    /// Nil for what is no script, and for one whose interpreter has no name.
    public init?(_ head: [UInt8]) {
        guard head.starts(with: "#!".utf8) else { return nil }
        let line = head.dropFirst(2).prefix(Self.headByteCount - 2)
            .prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }
        let trimmed = line.drop(while: Self.isBlank)
        let name = trimmed.prefix { !Self.isBlank($0) }
        guard !name.isEmpty else { return nil }
        interpreter = Array(name)
        let rest = trimmed.dropFirst(name.count).drop(while: Self.isBlank)
        let end = rest.lastIndex { !Self.isBlank($0) }
        argument = end.map { Array(rest[...$0]) }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// The program that env(1) would look for: that of `#!/usr/bin/env prog`, also behind `-S`,
    /// options and assignments. Nil where the interpreter is not env, or names none.
    public var programOfEnv: [UInt8]? {
        guard let argument, let name = interpreter.split(separator: UInt8(ascii: "/")).last,
            name.elementsEqual("env".utf8)
        else { return nil }
        guard let words = Self.splitString(argument) else {
            // One argument, blanks and all: not an option, so a program or an assignment.
            return argument.first == UInt8(ascii: "-") || argument.contains(UInt8(ascii: "="))
                ? nil : argument
        }
        return Self.program(in: words)
    }

    /// What stands behind `-S`, `-vS`, `--split-string=`: its words. Nil where there is no such
    /// option.
    private static func splitString(_ argument: [UInt8]) -> [[UInt8]]? {
        for option in ["-S", "-vS", "-iS", "-ivS", "-viS", "--split-string=", "--split-string "]
        where argument.starts(with: option.utf8) {
            return words(argument[option.utf8.count...])
        }
        return nil
    }

    /// Blanks separate, quotes of both kinds and backslashes protect (env(1), "-S/--split-string").
    private static func words(_ text: ArraySlice<UInt8>) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8]?
        var quote: UInt8?
        var isEscaped = false
        for byte in text {
            if isEscaped {
                word = (word ?? []) + [byte]
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if let open = quote {
                if byte == open { quote = nil } else { word = (word ?? []) + [byte] }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
                word = word ?? []
            } else if isBlank(byte) {
                if let ended = word { words.append(ended) }
                word = nil
            } else {
                word = (word ?? []) + [byte]
            }
        }
        return words + [word].compactMap { $0 }
    }

    private static let optionsWithValue = ["-u", "--unset", "-C", "--chdir"]

    /// The first word that is neither an option of env's, nor one's value, nor an assignment.
    private static func program(in words: [[UInt8]]) -> [UInt8]? {
        var isValue = false
        for word in words {
            if isValue {
                isValue = false
            } else if word.first == UInt8(ascii: "-") {
                isValue = optionsWithValue.contains { word.elementsEqual($0.utf8) }
            } else if !word.contains(UInt8(ascii: "=")) {
                return word
            }
        }
        return nil
    }
}
