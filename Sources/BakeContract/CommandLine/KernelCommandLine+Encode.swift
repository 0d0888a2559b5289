extension KernelCommandLine {
    /// What the kernel takes, in bytes. From one more on it hangs without a word.
    public static let byteCountLimit = 2047

    /// What the kernel panics beyond (CONFIG_INIT_ENV_ARG_LIMIT is 32): words it does not know, and
    /// all words behind ` -- `. Ours leave some for what else stands on the line.
    static let argumentWordLimit = 24

    /// One override and the program's arguments as text for a kernel command line, which `parse`
    /// reads back to the same.
    ///
    /// The text is printable ASCII, so that every loader passes it on: JSON on one word, with
    /// `\u00XX` for spaces, quotes, backslashes and everything beyond ASCII. Arguments stand behind
    /// ` -- ` where that is possible; else (too many for the kernel, control characters, bytes
    /// beyond ASCII) inside the JSON as `arguments`, those that are no UTF-8 as `{"base64": ...}`.
    /// - Parameters:
    ///   - override: an object; an empty one is left out.
    ///   - arguments: nil leaves the program's own.
    ///   - reservedByteCount: what else will stand on the line, with a space between.
    public static func encode(
        override: JSONValue, arguments: [Bytes]?, reservedByteCount: Int = 0
    ) throws(CommandLineLimit) -> Bytes {
        var members = override.members ?? []
        var tail: Bytes = []
        if let arguments {
            try checkArguments(arguments)
            if let text = textBehindDashes(arguments) {
                tail = text
            } else {
                members = with(arguments, in: members)
            }
        }
        var text = members.isEmpty ? [] : asciiText(members)
        if !tail.isEmpty { text += text.isEmpty ? tail : [ASCII.space] + tail }
        let byteCount = text.count + reservedByteCount
        guard byteCount <= byteCountLimit else { throw .tooLong(byteCount: byteCount) }
        return text
    }

    /// The same for QEMU's firmware table, where more fits and nothing stands beside it.
    public static func encodeForFirmwareTable(
        override: JSONValue, arguments: [Bytes]?
    ) throws(CommandLineLimit) -> Bytes {
        guard let arguments else { return asciiText(override.members ?? []) }
        try checkArguments(arguments)
        return asciiText(with(arguments, in: override.members ?? []))
    }

    private static func checkArguments(_ arguments: [Bytes]) throws(CommandLineLimit) {
        if let index = arguments.firstIndex(where: { $0.contains(0) }) {
            throw .nulInArgument(index: index)
        }
    }

    private static func with(_ arguments: [Bytes], in members: [JSONMember]) -> [JSONMember] {
        var list: [JSONValue] = []
        for argument in arguments { list.append(.bytes(argument)) }
        return members.filter { !$0.key.equals("arguments") }
            + [JSONMember(Bytes("arguments"), .array(list))]
    }

    private static func asciiText(_ members: [JSONMember]) -> Bytes {
        var writer = JSONWriter(indentation: nil, isASCII: true)
        writer.write(JSONValue.object(members).sorted, depth: 0)
        return writer.text
    }

    private static func textBehindDashes(_ arguments: [Bytes]) -> Bytes? {
        var text = Bytes("--")
        for argument in arguments {
            guard argument.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else { return nil }
            text.append(ASCII.space)
            text += quotedArgument(argument)
        }
        return kernelWordCount(text) - 1 <= argumentWordLimit ? text : nil
    }

    /// How many words the kernel makes of a text. A quote inside an argument counts for it,
    /// whatever stands before.
    static func kernelWordCount(_ text: Bytes) -> Int {
        var count = 0
        var offset = 0
        while offset < text.count {
            if isKernelSpace(text[offset]) {
                offset += 1
            } else {
                count += 1
                offset = KernelWord(text, at: offset).end
            }
        }
        return count
    }
}

/// Why an override cannot travel on a kernel command line.
public enum CommandLineLimit: Error, Equatable, Sendable {
    case tooLong(byteCount: Int)
    case nulInArgument(index: Int)
}

extension CommandLineLimit: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooLong(let byteCount):
            """
            the kernel command line would be \(byteCount) bytes long with these settings and \
            arguments, the kernel takes \(KernelCommandLine.byteCountLimit)
            """
        case .nulInArgument(let index): "argument \(index + 1) holds a NUL byte"
        }
    }
}

extension JSONValue {
    /// Bytes that need not be text: a string where they are UTF-8, else `{"base64": "..."}`.
    public static func bytes(_ bytes: Bytes) -> JSONValue {
        if offsetOfInvalidUTF8(bytes) == nil { return .string(bytes) }
        return .object([JSONMember(Bytes("base64"), .string(encodeBase64(bytes)))])
    }
}
