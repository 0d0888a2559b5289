public import BakeContract

/// Two lower-case digits a byte.
public func hexadecimal(_ bytes: Bytes) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: Bytes = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// The bytes of lower-case digits. Nil for anything else, so that a value in a file has one
/// spelling.
func bytes(ofHex text: some Collection<UInt8>) -> Bytes? {
    let digits = text.compactMap(value(ofHexDigit:))
    guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
    return (0..<digits.count / 2).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] }
}

private func value(ofHexDigit digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
}
