/// One configuration as text: strict JSON, or rumprun's dialect.
///
/// A text that is strict JSON with our names is that. Any other is read as the dialect; where that
/// fails too, the message is about the dialect if the text showed one of its traits before it went
/// wrong, else about strict JSON. So a mistake in plain JSON is told as one.
struct ConfigurationText {
    var value: JSONValue
    /// nil for strict JSON.
    var translation: DialectTranslation?

    static func read(
        _ text: Bytes, limits: JSONLimits = .configuration
    ) throws(TextFault) -> ConfigurationText {
        var strict: JSONValue?
        var strictFault: JSONFault?
        do throws(JSONFault) {
            strict = try JSONValue.parse(text, limits: limits)
        } catch {
            // What is wrong with the bytes is wrong in either reading.
            if error.problem.isAboutBytes { throw TextFault(error) }
            strictFault = error
        }
        if let strict, strict.members == nil { return ConfigurationText(value: strict) }
        var notes: [DialectNote] = []
        do throws(TextFault) {
            let translation = try DialectTranslation(of: text, limits: limits, noting: &notes)
            if let strict, notes.isEmpty { return ConfigurationText(value: strict) }
            if let strictFault, !isDialect(notes) { throw TextFault(strictFault) }
            return ConfigurationText(
                value: try translation.value(limits: limits), translation: translation)
        } catch {
            if let strictFault, !isDialect(notes) { throw TextFault(strictFault) }
            throw error
        }
    }

    /// A comma forgotten, or a quote, is a mistake unless something else shows the dialect.
    private static func isDialect(_ notes: [DialectNote]) -> Bool {
        notes.contains { $0.trait != .missingComma && $0.trait != .bareKey }
    }
}

extension JSONProblem {
    fileprivate var isAboutBytes: Bool {
        switch self {
        case .tooLarge, .byteOrderMark, .nulByte, .invalidUTF8, .outOfMemory: true
        default: false
        }
    }
}
