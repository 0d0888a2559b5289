/// What a cloud hands to a machine as user data. It is ours where its first line is `#bake-config`
/// (the configuration follows) or where it begins with `{`; everything else is for cloud-init or
/// somebody else and left alone.
struct UserData {
    /// The configuration in a text.
    let range: Range<Int>

    private static let mark: StaticString = "#bake-config"

    /// - Parameter foreign: gets what the text is, when it is not for us.
    init?(_ text: Bytes, foreign: inout StaticString?) {
        let first = text.firstIndex { !isKernelSpace($0) }
        guard let first else { return nil }
        if text[first] == ASCII.leftBrace {
            range = first..<text.count
            return
        }
        if text.starts(with: Self.mark) {
            let behind = Self.mark.utf8CodeUnitCount
            let end = text[behind...].firstIndex(of: ASCII.newline) ?? text.count
            if text[behind..<end].allSatisfy(isKernelSpace) {
                range = min(end + 1, text.count)..<text.count
                return
            }
        }
        foreign = Self.kind(of: text)
        return nil
    }

    private static func kind(of text: Bytes) -> StaticString {
        if text.starts(with: "#cloud-config") { return "a configuration for cloud-init" }
        if text.starts(with: "#!") { return "a script" }
        if text.starts(with: "\u{1f}") { return "compressed" }
        return "something else"
    }
}

extension SourceSettings {
    /// Adds what user data says to us, or a note that it says nothing to us.
    mutating func addUserData(_ holder: SourceText) throws(ConfigurationError) {
        var foreign: StaticString?
        if let data = UserData(holder.text, foreign: &foreign) {
            try addDocument(data.range, of: holder)
        } else if let foreign {
            notes.append(
                ConfigurationError(
                    file: holder.file, position: TextPosition(line: 1, column: 1),
                    problem: .notForUs(foreign)))
        }
    }
}
