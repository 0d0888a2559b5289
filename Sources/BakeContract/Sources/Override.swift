/// One merge patch (RFC 7396) of a source and where it stands, for messages.
public struct Override: Equatable, Sendable {
    public var patch: JSONValue
    /// Of the JSON document, or of the value, in bytes from the start of the text.
    public var start: Int
    public var end: Int
    /// Whether `start..<end` is a JSON text in which paths can be looked up.
    public var isDocument: Bool
    /// For a document in rumprun's dialect.
    var translation: DialectTranslation?
    /// The text it stands in, where that is not the text of the source.
    var holder: SourceText?
}

/// A text and what messages call it.
struct SourceText: Equatable, Sendable {
    var file: Bytes
    var text: Bytes
}

extension Override {
    /// A configuration inside a text, strict or in rumprun's dialect, that the platform says:
    /// `"config": "replace"` in it is the `bake.config=replace` of a kernel command line.
    static func document(
        _ text: Bytes, _ range: Range<Int>
    ) throws(TextFault) -> (override: Override, isReplacing: Bool) {
        var override = try baked(text, range)
        guard case .object(var members) = override.patch,
            let index = members.firstIndex(where: { $0.key.equals("config") })
        else { return (override, false) }
        let path = ConfigurationPath([.key(members[index].key)])
        guard members[index].value.string?.equals("replace") == true else {
            throw TextFault(
                offset: override.offset(of: path, isKey: false, in: text),
                problem: .badValue(path, mustBe: "\"replace\""))
        }
        members.remove(at: index)
        override.patch = .object(members)
        return (override, true)
    }

    /// The same for what belongs to the image.
    static func baked(_ text: Bytes, _ range: Range<Int>) throws(TextFault) -> Override {
        do throws(TextFault) {
            let document = try ConfigurationText.read(Bytes(text[range]))
            return Override(
                patch: document.value, start: range.lowerBound, end: range.upperBound,
                isDocument: true, translation: document.translation)
        } catch {
            throw TextFault(offset: range.lowerBound + error.offset, problem: error.problem)
        }
    }

    /// Where a value, or its key, begins in the text this stands in.
    func offset(of path: ConfigurationPath, isKey: Bool, in text: Bytes) -> Int {
        guard isDocument, start <= end, end <= text.count else { return start }
        guard let translation else {
            return start + (JSONText(Bytes(text[start..<end])).offset(of: path, isKey: isKey) ?? 0)
        }
        let strict = JSONText(translation.strict).offset(of: path, isKey: isKey) ?? 0
        return start + translation.userOffset(of: strict)
    }
}
