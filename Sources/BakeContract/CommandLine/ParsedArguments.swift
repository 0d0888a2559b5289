/// Arguments as rumprun's parseargs splits them: blanks part, `'` and `"` hold together, a
/// backslash takes the next byte as it is, between quotes as well. Used for `cmdline`, `init` and
/// what stands behind ` -- ` on a kernel command line.
///
/// Where rumprun takes an open quote or a last backslash in silence, this says so.
public func parseArguments(_ text: Bytes) throws(ArgumentError) -> [Bytes] {
    var arguments: [Bytes] = []
    var argument: Bytes?
    var quote: (mark: UInt8, offset: Int)?
    var offset = 0
    while offset < text.count {
        let byte = text[offset]
        offset += 1
        if byte == ASCII.backslash {
            guard offset < text.count else {
                throw ArgumentError(offset: offset - 1, problem: .lastBackslash)
            }
            if argument == nil { argument = [] }
            argument?.append(text[offset])
            offset += 1
        } else if let open = quote {
            if byte == open.mark { quote = nil } else { argument?.append(byte) }
        } else if byte == ASCII.space || byte == ASCII.tab || byte == ASCII.newline {
            if let complete = argument { arguments.append(complete) }
            argument = nil
        } else if byte == ASCII.singleQuote || byte == ASCII.doubleQuote {
            quote = (byte, offset - 1)
            argument = argument ?? []
        } else if argument != nil {
            argument?.append(byte)
        } else {
            argument = [byte]
        }
    }
    if let quote { throw ArgumentError(offset: quote.offset, problem: .openQuote) }
    if let argument { arguments.append(argument) }
    return arguments
}

/// Where a text of arguments stops making sense.
public struct ArgumentError: Error, Equatable, Sendable {
    public enum Problem: Equatable, Sendable {
        case openQuote
        case lastBackslash
    }

    public var offset: Int
    public var problem: Problem
}

/// One argument so that `parseArguments` reads it back, in the quotes that the kernel respects too.
func quotedArgument(_ argument: Bytes) -> Bytes {
    let isPlain = argument.allSatisfy {
        $0 > 0x20 && $0 != ASCII.doubleQuote && $0 != ASCII.singleQuote && $0 != ASCII.backslash
    }
    if isPlain && !argument.isEmpty { return argument }
    var quoted: Bytes = [ASCII.doubleQuote]
    for byte in argument {
        if byte == ASCII.doubleQuote || byte == ASCII.backslash { quoted.append(ASCII.backslash) }
        quoted.append(byte)
    }
    return quoted + [ASCII.doubleQuote]
}
