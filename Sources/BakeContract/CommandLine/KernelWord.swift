/// One word of a kernel command line as `next_arg()` of the kernel's lib/cmdline.c sees it: it ends
/// at white space outside double quotes, its first `=` parts name and value, and quotes around the
/// value or the whole word are taken off.
struct KernelWord {
    let start: Int
    /// Behind the word.
    let end: Int
    let name: Bytes
    /// nil without `=`.
    let value: Bytes?
    let valueStart: Int
    /// `--` alone: the kernel passes everything behind it to init.
    let isEndOfParameters: Bool

    init(_ text: Bytes, at start: Int) {
        self.start = start
        let isQuoted = text[start] == ASCII.doubleQuote
        let first = isQuoted ? start + 1 : start
        var isInQuote = isQuoted
        var mark: Int?
        var end = first
        while end < text.count, isInQuote || !isKernelSpace(text[end]) {
            // As in the kernel, an `=` at the very beginning parts nothing.
            if text[end] == ASCII.equals, mark == nil, end > first { mark = end }
            if text[end] == ASCII.doubleQuote { isInQuote.toggle() }
            end += 1
        }
        self.end = end

        var last = end
        let hasClosingQuote = end > first && text[end - 1] == ASCII.doubleQuote
        if isQuoted && hasClosingQuote { last -= 1 }
        isEndOfParameters = end - start == 2 && text.starts(with: "--", at: start)
        guard let mark else {
            name = Bytes(text[first..<last])
            value = nil
            valueStart = last
            return
        }
        name = Bytes(text[first..<mark])
        var valueStart = mark + 1
        if valueStart < last, text[valueStart] == ASCII.doubleQuote {
            valueStart += 1
            if last == end, hasClosingQuote, end - 1 >= valueStart { last -= 1 }
        }
        self.valueStart = valueStart
        value = Bytes(text[valueStart..<max(valueStart, last)])
    }
}

/// White space between words. (The kernel's own table has 0xa0 as well, the second byte of a UTF-8
/// "à"; /proc/cmdline holds the text as it was, so we need not follow it there.)
func isKernelSpace(_ byte: UInt8) -> Bool {
    byte == ASCII.space || (byte >= 0x09 && byte <= 0x0d)
}
