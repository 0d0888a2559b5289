/// Base64 by RFC 4648 section 4, with padding: how bytes that are no UTF-8 travel inside JSON.
func encodeBase64(_ bytes: Bytes) -> Bytes {
    let alphabet = Bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text: Bytes = []
    var index = 0
    while index < bytes.count {
        let group = bytes[index..<min(index + 3, bytes.count)]
        var bits: UInt32 = 0
        for position in 0..<3 {
            let byte = position < group.count ? group[index + position] : 0
            bits = bits << 8 | UInt32(byte)
        }
        for position in 0..<4 {
            let digit = alphabet[Int(bits >> UInt32(18 - 6 * position) & 63)]
            text.append(position <= group.count ? digit : ASCII.equals)
        }
        index += 3
    }
    return text
}

/// nil for anything that `encodeBase64` would not have written.
func decodeBase64(_ text: Bytes) -> Bytes? {
    guard text.count % 4 == 0 else { return nil }
    var bytes: Bytes = []
    var bits: UInt32 = 0
    var padding = 0
    for index in text.indices {
        var digit: UInt32 = 0
        if text[index] == ASCII.equals, index >= text.count - 2 {
            padding += 1
        } else if padding == 0, let value = base64Value(text[index]) {
            digit = value
        } else {
            return nil
        }
        bits = bits << 6 | digit
        if index % 4 == 3 {
            for shift: UInt32 in [16, 8, 0] {
                bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
            }
            bits = 0
        }
    }
    bytes.removeLast(padding)
    return encodeBase64(bytes) == text ? bytes : nil
}

private func base64Value(_ digit: UInt8) -> UInt32? {
    switch digit {
    case 0x41...0x5a: UInt32(digit) - 0x41
    case 0x61...0x7a: UInt32(digit) - 0x61 + 26
    case 0x30...0x39: UInt32(digit) - 0x30 + 52
    case ASCII.plus: 62
    case ASCII.slash: 63
    default: nil
    }
}
