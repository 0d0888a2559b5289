/// A text in rumprun's dialect as strict JSON with our names, and where in the user's text every
/// part of it came from. docs/configuration.md, *rumprun's dialect*.
public struct DialectTranslation: Equatable, Sendable {
    /// Strict JSON; json-c reads the values from here.
    public private(set) var strict: Bytes = []
    /// What made it the dialect.
    private(set) var notes: [DialectNote] = []
    /// Keys and values in their order: where they begin in `strict`, and where in the user's text.
    private var places: [(strict: Int, user: Int)] = []

    /// - Parameter notes: gets what made the text the dialect, also when an error ends the reading.
    init(
        of text: Bytes, limits: JSONLimits, noting notes: inout [DialectNote]
    ) throws(TextFault) {
        var reader = DialectReader(text, depthLimit: limits.depth)
        let members: [DialectMember]
        do throws(JSONFault) {
            defer { notes = reader.notes.all }
            members = try reader.document()
        } catch {
            throw TextFault(error)
        }
        var names = RumprunNames(notes: reader.notes)
        defer { notes = names.notes.all }
        let translated = try names.translate(members)
        self.notes = names.notes.all.sorted { $0.offset < $1.offset }
        var writer = JSONWriter(indentation: nil, isASCII: false)
        write(DialectValue(offset: 0, content: .object(translated)), with: &writer)
        strict = writer.text
    }

    /// What json-c makes of the strict text.
    func value(limits: JSONLimits) throws(TextFault) -> JSONValue {
        // Names can grow with their translation, so the text can be a little longer.
        let limits = JSONLimits(byteCount: limits.byteCount * 2, depth: limits.depth)
        do throws(JSONFault) {
            return try JSONValue.parse(strict, limits: limits)
        } catch {
            throw TextFault(offset: userOffset(of: error.offset), problem: .json(error.problem))
        }
    }

    /// Where a byte of `strict` came from.
    func userOffset(of strictOffset: Int) -> Int {
        var low = 0
        var high = places.count
        while low < high {
            let middle = (low + high) / 2
            if places[middle].strict <= strictOffset { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? 0 : places[low - 1].user
    }

    private mutating func write(_ value: DialectValue, with writer: inout JSONWriter) {
        places.append((writer.text.count, value.offset))
        switch value.content {
        case .null: writer.text += Bytes("null")
        case .bool(let flag): writer.text += Bytes(flag ? "true" : "false")
        case .number(let digits): writer.text += digits
        case .string(let bytes): writer.writeString(bytes)
        case .array(let elements):
            writer.text.append(ASCII.leftBracket)
            for index in elements.indices {
                if index > 0 { writer.text.append(ASCII.comma) }
                write(elements[index], with: &writer)
            }
            writer.text.append(ASCII.rightBracket)
        case .object(let members):
            writer.text.append(ASCII.leftBrace)
            for index in members.indices {
                if index > 0 { writer.text.append(ASCII.comma) }
                places.append((writer.text.count, members[index].keyOffset))
                writer.writeString(members[index].key)
                writer.text.append(ASCII.colon)
                write(members[index].value, with: &writer)
            }
            writer.text.append(ASCII.rightBrace)
        }
    }

    public static func == (left: DialectTranslation, right: DialectTranslation) -> Bool {
        left.strict == right.strict && left.notes == right.notes
    }
}
