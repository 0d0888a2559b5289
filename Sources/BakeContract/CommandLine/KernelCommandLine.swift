/// What a kernel command line says to `bake`; the kernel's own words are passed over.
///
/// Words are parted as the kernel parts them (`next_arg()` in lib/cmdline.c): at white space
/// outside double quotes. Of the words in front of ` -- ` these are ours:
///
/// - `{`, wherever it first stands outside a `bake.` word: a JSON document to its matching brace.
/// - `bake.KEY=VALUE`: one setting.
/// - `bake.config=replace`, `bake.verbose`, `bake.debug`, `bake.timing`, and `bake.cut`, which the
///   boot stub writes.
///
/// All settings count in the order they stand in; the last wins. docs/configuration.md.
public struct KernelCommandLine: Equatable, Sendable {
    /// Merge patches, in order.
    public var overrides: [Override] = []
    /// `bake.config=replace`: what was baked is not to be used at all.
    public var isReplacing = false
    /// `bake.verbose`
    public var isVerbose = false
    /// `bake.debug`: the stage before which a shell is wanted; alone, the programs.
    public var debugStage: BootStage?
    /// `bake.timing`
    public var timing: TimingFormat?

    /// One merge patch (RFC 7396) and where in its text it stands, for messages.
    public struct Override: Equatable, Sendable {
        public var patch: JSONValue
        /// Of the JSON document, or of the word, in bytes from the start of the text.
        public var start: Int
        public var end: Int
        /// Whether `start..<end` is a JSON text in which paths can be looked up.
        public var isDocument: Bool
    }

    /// What messages call it.
    public static var fileName: Bytes { Bytes("kernel command line") }

    /// Reads /proc/cmdline or what a loader will pass. Every override that does not parse is an
    /// error with its column.
    public static func parse(_ text: Bytes) throws(ConfigurationError) -> KernelCommandLine {
        do throws(CommandLineFault) {
            var reader = CommandLineReader(text)
            try reader.read()
            return reader.result
        } catch {
            throw ConfigurationError(
                file: fileName, position: JSONText(text).position(of: error.offset),
                problem: error.problem)
        }
    }
}

struct CommandLineFault: Error {
    var offset: Int
    var problem: ConfigurationProblem

    init(offset: Int, problem: ConfigurationProblem) {
        self.offset = offset
        self.problem = problem
    }

    init(_ fault: JSONFault, at start: Int) {
        self.init(offset: start + fault.offset, problem: .json(fault.problem))
    }
}

private struct CommandLineReader {
    let text: Bytes
    var offset = 0
    var result = KernelCommandLine()

    init(_ text: Bytes) {
        self.text = text
    }

    mutating func read() throws(CommandLineFault) {
        while true {
            while offset < text.count, isKernelSpace(text[offset]) { offset += 1 }
            guard offset < text.count else { return }
            let word = KernelWord(text, at: offset)
            if word.isEndOfParameters {
                offset = word.end
                return try readArguments()
            }
            if word.name.starts(with: "bake.") {
                try readSetting(word)
                offset = word.end
            } else if let brace = text[offset..<word.end].firstIndex(of: ASCII.leftBrace) {
                try readDocument(at: brace)
            } else {
                offset = word.end
            }
        }
    }

    private mutating func readDocument(at start: Int) throws(CommandLineFault) {
        let end = endOfObject(from: start)
        do throws(JSONFault) {
            let value = try JSONValue.parse(Bytes(text[start..<end]), limits: .configuration)
            result.overrides.append(
                .init(patch: value, start: start, end: end, isDocument: true))
        } catch {
            throw CommandLineFault(error, at: start)
        }
        guard end == text.count || isKernelSpace(text[end]) else {
            throw CommandLineFault(offset: end, problem: .json(.textBehind))
        }
        offset = end
    }

    /// Behind the brace that closes the one at `start`; the end of the text where none does.
    private func endOfObject(from start: Int) -> Int {
        var depth = 0
        var isInString = false
        var index = start
        while index < text.count {
            let byte = text[index]
            index += 1
            if isInString {
                if byte == ASCII.backslash { index += 1 }
                if byte == ASCII.doubleQuote { isInString = false }
            } else if byte == ASCII.doubleQuote {
                isInString = true
            } else if byte == ASCII.leftBrace {
                depth += 1
            } else if byte == ASCII.rightBrace {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return text.count
    }

    private mutating func readSetting(_ word: KernelWord) throws(CommandLineFault) {
        let key = Bytes(word.name.dropFirst(5))
        guard let value = word.value else {
            if key.equals("verbose") {
                result.isVerbose = true
            } else if key.equals("debug") {
                result.debugStage = .programs
            } else if key.equals("timing") {
                result.timing = .table
            } else if key.equals("cut") {
                throw CommandLineFault(offset: word.start, problem: .commandLine(.cut))
            } else {
                throw CommandLineFault(
                    offset: word.start, problem: .commandLine(.unknownFlag(word.name)))
            }
            return
        }
        if key.equals("config") {
            guard value.equals("replace") else {
                throw CommandLineFault(
                    offset: word.valueStart, problem: .commandLine(.badConfigMode))
            }
            result.isReplacing = true
            return
        }
        if key.equals("debug") { return try readDebugStage(value, at: word.valueStart) }
        if key.equals("timing") {
            guard value.equals("json") else {
                throw CommandLineFault(
                    offset: word.valueStart, problem: .commandLine(.badTimingFormat))
            }
            result.timing = .json
            return
        }
        // For the boot stub, which has read it by now (docs/image-format.md, *Memory*).
        if key.equals("inplace") { return }
        let names = settingPath(key)
        guard names.allSatisfy({ !$0.isEmpty }) else {
            throw CommandLineFault(offset: word.start, problem: .commandLine(.emptyKey))
        }
        var patch = try settingValue(value, names, at: word.valueStart)
        for name in names.reversed() { patch = .object([JSONMember(name, patch)]) }
        result.overrides.append(
            .init(patch: patch, start: word.valueStart, end: word.end, isDocument: false))
    }

    private mutating func readDebugStage(
        _ name: Bytes, at start: Int
    ) throws(CommandLineFault) {
        let stage = BootStage.allCases.first { $0.hasRoot && name.equals($0.name) }
        guard let stage else {
            throw CommandLineFault(offset: start, problem: .commandLine(.badDebugStage))
        }
        result.debugStage = stage
    }

    private mutating func readArguments() throws(CommandLineFault) {
        let start = offset
        do throws(ArgumentError) {
            let arguments = try parseArguments(Bytes(text[start...]))
            var list: [JSONValue] = []
            for argument in arguments { list.append(.bytes(argument)) }
            result.overrides.append(
                .init(
                    patch: .object([JSONMember(Bytes("arguments"), .array(list))]),
                    start: start, end: text.count, isDocument: false))
        } catch {
            throw CommandLineFault(
                offset: start + error.offset,
                problem: .commandLine(error.problem == .openQuote ? .openQuote : .lastBackslash))
        }
    }
}

/// `a.b.c` as names. The keys whose own names hold dots or slashes (variables, sysctls, limits,
/// files) take the whole rest as one.
private func settingPath(_ key: Bytes) -> [Bytes] {
    let isMap =
        key.starts(with: "env.") || key.starts(with: "sysctl.")
        || key.starts(with: "limits.") || key.starts(with: "files.")
    var names: [Bytes] = []
    for name in key.split(
        separator: ASCII.dot, maxSplits: isMap ? 1 : .max, omittingEmptySubsequences: false)
    {
        names.append(Bytes(name))
    }
    return names
}

/// `null` takes a setting away. Keys that hold text take every other value as it stands; the rest
/// is JSON where it is JSON, else text.
private func settingValue(
    _ value: Bytes, _ names: [Bytes], at start: Int
) throws(CommandLineFault) -> JSONValue {
    if value.equals("null") { return .null }
    if isText(names) { return .bytes(value) }
    do throws(JSONFault) {
        return try JSONValue.parse(value, limits: .configuration)
    } catch {
        // What begins like JSON was meant as JSON.
        guard value.first == ASCII.leftBrace || value.first == ASCII.leftBracket else {
            return .bytes(value)
        }
        throw CommandLineFault(error, at: start)
    }
}

private func isText(_ names: [Bytes]) -> Bool {
    guard let key = names.first else { return false }
    let maps: [StaticString] = ["env", "sysctl", "files"]
    if names.count > 1 { return maps.contains { key.equals($0) } }
    let texts: [StaticString] = ["hostname", "cmdline", "init", "root", "verify", "on_exit"]
    return texts.contains { key.equals($0) }
}
