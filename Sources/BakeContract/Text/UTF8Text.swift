/// Where a text stops being UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above
/// U+10FFFF): the offset of the first byte that does not belong, or nil.
///
/// json-c's own check looks at lead bytes alone and lets overlong forms through.
func offsetOfInvalidUTF8(_ text: Bytes) -> Int? {
    var offset = 0
    while offset < text.count {
        guard let length = lengthOfScalar(text, at: offset) else { return offset }
        offset += length
    }
    return nil
}

private func lengthOfScalar(_ text: Bytes, at offset: Int) -> Int? {
    let lead = text[offset]
    if lead < 0x80 { return 1 }
    var lowest: UInt8 = 0x80
    var highest: UInt8 = 0xbf
    let length: Int
    switch lead {
    case 0xc2...0xdf: length = 2
    case 0xe0...0xef: length = 3
    case 0xf0...0xf4: length = 4
    default: return nil
    }
    // The second byte alone decides about overlong forms, surrogates and the upper end.
    if lead == 0xe0 { lowest = 0xa0 }
    if lead == 0xed { highest = 0x9f }
    if lead == 0xf0 { lowest = 0x90 }
    if lead == 0xf4 { highest = 0x8f }
    guard text.count - offset >= length else { return nil }
    guard text[offset + 1] >= lowest, text[offset + 1] <= highest else { return nil }
    for index in 2..<max(length, 2) where text[offset + index] & 0xc0 != 0x80 { return nil }
    return length
}
