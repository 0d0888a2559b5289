public import BakeContract

/// One argument as a POSIX shell reads it back to the same bytes. NUL cannot be in an argument.
public func shellQuoted(_ argument: Bytes) -> Bytes {
    if !argument.isEmpty, argument.allSatisfy(isPlainInShell), !looksLikeAssignment(argument) {
        return argument
    }
    // Between single quotes everything is literal but the quote itself (POSIX 2.2.2).
    let quote = UInt8(ascii: "'")
    let escapedQuote = Bytes(#"'\''"#.utf8)
    return [quote] + argument.flatMap { $0 == quote ? escapedQuote : [$0] } + [quote]
}

/// Characters no shell gives a meaning in a word, wherever they stand; `=` with the exception below.
private func isPlainInShell(_ byte: UInt8) -> Bool {
    isPlainInName(byte) || Bytes("-./:,+@%=".utf8).contains(byte)
}

private func isPlainInName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
    default:
        false
    }
}

/// `NAME=...` as first word sets a variable, and zsh looks up `=NAME` as a command.
private func looksLikeAssignment(_ argument: Bytes) -> Bool {
    guard let sign = argument.firstIndex(of: UInt8(ascii: "=")) else { return false }
    return argument[..<sign].allSatisfy(isPlainInName)
}
