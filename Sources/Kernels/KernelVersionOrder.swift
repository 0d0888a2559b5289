/// Whether version `a` comes before `b`, as Debian orders versions (deb-version(7), "Sorting
/// algorithm"), which also suits kernel releases: 6.1.0-9 < 6.1.0-56, 6.1~rc1 < 6.1.
func isVersion(_ a: String, before b: String) -> Bool {
    var a = Array(a.utf8)[...]
    var b = Array(b.utf8)[...]
    while !a.isEmpty || !b.isEmpty {
        let textA = takePrefix(&a) { !isDigit($0) }
        let textB = takePrefix(&b) { !isDigit($0) }
        for index in 0..<max(textA.count, textB.count) {
            let weightA = weight(of: textA, at: index)
            let weightB = weight(of: textB, at: index)
            if weightA != weightB { return weightA < weightB }
        }
        let numberA = takePrefix(&a, while: isDigit).drop { $0 == UInt8(ascii: "0") }
        let numberB = takePrefix(&b, while: isDigit).drop { $0 == UInt8(ascii: "0") }
        if numberA.count != numberB.count { return numberA.count < numberB.count }
        if !numberA.elementsEqual(numberB) { return numberA.lexicographicallyPrecedes(numberB) }
    }
    return false
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private func takePrefix(
    _ text: inout ArraySlice<UInt8>, while condition: (UInt8) -> Bool
) -> ArraySlice<UInt8> {
    let prefix = text.prefix(while: condition)
    text = text.dropFirst(prefix.count)
    return prefix
}

/// Tilde before the end of the text, the end before letters, letters before everything else.
private func weight(of text: ArraySlice<UInt8>, at index: Int) -> Int {
    guard index < text.count else { return 0 }
    let byte = text[text.startIndex + index]
    switch byte {
    case UInt8(ascii: "~"): return -1
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
        return Int(byte)
    default: return Int(byte) + 256
    }
}
