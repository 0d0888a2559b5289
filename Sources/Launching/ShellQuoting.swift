public import BakeContract

/// One argument as a POSIX shell reads it back to the same bytes. NUL cannot be in an argument.
public func shellQuoted(_ argument: Bytes) -> Bytes {
    if !argument.isEmpty, argument.allSatisfy(isPlainInShell) {
        return argument
    }
    // Between single quotes everything is literal but the quote itself (POSIX 2.2.2).
    let quote = UInt8(ascii: "'")
    let escapedQuote = Bytes(#"'\''"#.utf8)
    return [quote] + argument.flatMap { $0 == quote ? escapedQuote : [$0] } + [quote]
}

/// Characters no shell gives a meaning in the middle or at the start of a word. `~` and `=` are
/// not among them: `~` expands, and `a=b` as first word is an assignment.
private func isPlainInShell(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default:
        Bytes("-_./:,+@%".utf8).contains(byte)
    }
}
