/// What a kernel command line says to `bake`; the kernel's own words are passed over.
///
/// Words are parted as the kernel parts them (`next_arg()` in lib/cmdline.c): at white space
/// outside double quotes. Of the words in front of ` -- ` these are ours:
///
/// - `{`, wherever it first stands outside a `bake.` word: a JSON document to its matching brace.
/// - `bake.KEY=VALUE`: one setting.
/// - `bake.config=replace`, `bake.verbose`, `bake.explain`, `bake.debug`, `bake.timing`,
///   `bake.fw_cfg`, which `bake run` writes, and `bake.cut`, which the boot stub writes.
///
/// All settings count in the order they stand in; the last wins. docs/configuration.md.
public struct KernelCommandLine: Equatable, Sendable {
    /// Merge patches, in order.
    public var overrides: [Override] = []
    /// `bake.config=replace`: what was baked is not to be used at all.
    public var isReplacing = false
    /// `bake.verbose`
    public var isVerbose = false
    /// `bake.explain`: PID 1 says where every setting comes from.
    public var isExplaining = false
    /// `bake.fw_cfg`: whoever started the machine has put settings into QEMU's firmware table.
    public var promisesFirmwareTable = false
    /// `bake.debug`: the stage before which a shell is wanted; alone, the programs.
    public var debugStage: BootStage?
    /// `bake.timing`
    public var timing: TimingFormat?

    /// What messages call it.
    public static var fileName: Bytes { Bytes("kernel command line") }

    /// Reads /proc/cmdline or what a loader will pass. Every override that does not parse is an
    /// error with its column.
    public static func parse(_ text: Bytes) throws(ConfigurationError) -> KernelCommandLine {
        do throws(TextFault) {
            var reader = CommandLineReader(text)
            try reader.read()
            return reader.result
        } catch {
            throw error.located(in: text, file: fileName)
        }
    }
}

private struct CommandLineReader {
    let text: Bytes
    var offset = 0
    var result = KernelCommandLine()

    init(_ text: Bytes) {
        self.text = text
    }

    mutating func read() throws(TextFault) {
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

    private mutating func readDocument(at start: Int) throws(TextFault) {
        let end = endOfObject(from: start)
        let document = try Override.document(text, start..<end)
        result.overrides.append(document.override)
        if document.isReplacing { result.isReplacing = true }
        // rumprun's launcher writes a comma behind.
        offset = end
        while offset < text.count, text[offset] == ASCII.comma { offset += 1 }
        guard offset == text.count || isKernelSpace(text[offset]) else {
            throw TextFault(offset: end, problem: .json(.textBehind))
        }
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

    private mutating func readSetting(_ word: KernelWord) throws(TextFault) {
        let key = Bytes(word.name.dropFirst(5))
        guard let value = word.value else {
            if key.equals("verbose") {
                result.isVerbose = true
            } else if key.equals("explain") {
                result.isExplaining = true
            } else if key.equals("fw_cfg") {
                result.promisesFirmwareTable = true
            } else if key.equals("debug") {
                result.debugStage = .programs
            } else if key.equals("timing") {
                result.timing = .table
            } else if key.equals("cut") {
                throw TextFault(offset: word.start, problem: .commandLine(.cut))
            } else {
                throw TextFault(
                    offset: word.start, problem: .commandLine(.unknownFlag(word.name)))
            }
            return
        }
        if key.equals("config") {
            guard value.equals("replace") else {
                throw TextFault(
                    offset: word.valueStart, problem: .commandLine(.badConfigMode))
            }
            result.isReplacing = true
            return
        }
        if key.equals("debug") { return try readDebugStage(value, at: word.valueStart) }
        if key.equals("timing") {
            guard value.equals("json") else {
                throw TextFault(
                    offset: word.valueStart, problem: .commandLine(.badTimingFormat))
            }
            result.timing = .json
            return
        }
        // For the boot stub, which has read it by now (docs/image-format.md, *Memory*).
        if key.equals("inplace") { return }
        guard let setting = SettingWord(key: key) else {
            throw TextFault(offset: word.start, problem: .commandLine(.emptyKey))
        }
        do throws(JSONFault) {
            result.overrides.append(
                .init(
                    patch: try setting.patch(to: value), start: word.valueStart, end: word.end,
                    isDocument: false))
        } catch {
            throw TextFault(error, at: word.valueStart)
        }
    }

    private mutating func readDebugStage(
        _ name: Bytes, at start: Int
    ) throws(TextFault) {
        let stage = BootStage.allCases.first { $0.hasRoot && name.equals($0.name) }
        guard let stage else {
            throw TextFault(offset: start, problem: .commandLine(.badDebugStage))
        }
        result.debugStage = stage
    }

    private mutating func readArguments() throws(TextFault) {
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
            throw TextFault(
                offset: start + error.offset,
                problem: .commandLine(error.problem == .openQuote ? .openQuote : .lastBackslash))
        }
    }
}
