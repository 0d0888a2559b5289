/// Reads the syntax of rumprun's dialect: what jsmn without JSMN_STRICT takes and rumprun's own
/// launcher writes. Beyond JSON these pass: text in front of the first `{`, commas too many or
/// missing, keys without quotes, several objects in a row, `env`, `net` and `blk` more than once.
///
/// Strings, numbers and words are those of strict JSON.
struct DialectReader {
    private var text: JSONText
    private let depthLimit: Int
    private(set) var notes = DialectNotes()

    init(_ bytes: Bytes, depthLimit: Int) {
        text = JSONText(bytes)
        self.depthLimit = depthLimit
    }

    /// All objects of the text as one.
    mutating func document() throws(JSONFault) -> [DialectMember] {
        try skipTextInFront()
        var members = try object(depth: 1)
        while text.next != nil {
            let start = text.offset
            if skipCommas() > 0 { notes.add(.extraComma, at: start) }
            if text.next == ASCII.leftBrace {
                notes.add(.severalObjects, at: text.offset)
                members += try object(depth: 1)
            } else if text.next != nil {
                throw text.fault(.textBehind)
            }
        }
        return combined(members, isTop: true)
    }

    private mutating func skipTextInFront() throws(JSONFault) {
        text.skipSpace()
        let start = text.offset
        // What begins like another JSON value was meant as JSON.
        guard text.next != ASCII.leftBracket, text.next != ASCII.doubleQuote,
            let brace = text.bytes[start...].firstIndex(of: ASCII.leftBrace)
        else { throw text.fault(.expected("'{'")) }
        if brace > start { notes.add(.textInFront, at: start) }
        text.offset = brace
    }

    private mutating func value(depth: Int) throws(JSONFault) -> DialectValue {
        text.skipSpace()
        let start = text.offset
        switch text.next {
        case ASCII.leftBrace:
            return DialectValue(offset: start, content: .object(try object(depth: depth + 1)))
        case ASCII.leftBracket:
            return DialectValue(offset: start, content: .array(try array(depth: depth + 1)))
        case ASCII.doubleQuote:
            return DialectValue(string: try string(), at: start)
        case 0x74:
            try text.skipWord("true")
            return DialectValue(offset: start, content: .bool(true))
        case 0x66:
            try text.skipWord("false")
            return DialectValue(offset: start, content: .bool(false))
        case 0x6e:
            try text.skipWord("null")
            return DialectValue(offset: start, content: .null)
        case .some(let byte) where byte == ASCII.minus || ASCII.isDigit(byte):
            let digits = Bytes(text.bytes[try text.skipNumber()])
            return DialectValue(offset: start, content: .number(digits))
        case nil: throw text.fault(.unexpectedEnd)
        default: throw text.fault(.expected("a value"))
        }
    }

    private mutating func array(depth: Int) throws(JSONFault) -> [DialectValue] {
        if depth > depthLimit { throw text.fault(.tooDeep(limit: depthLimit)) }
        text.offset += 1
        var elements: [DialectValue] = []
        while try hasElement(before: ASCII.rightBracket, isFirst: elements.isEmpty) {
            elements.append(try value(depth: depth))
        }
        return elements
    }

    private mutating func object(depth: Int) throws(JSONFault) -> [DialectMember] {
        if depth > depthLimit { throw text.fault(.tooDeep(limit: depthLimit)) }
        text.offset += 1
        var members: [DialectMember] = []
        while try hasElement(before: ASCII.rightBrace, isFirst: members.isEmpty) {
            let start = text.offset
            var key = try key()
            if depth == 1, key.equals("rc_TESTING") {
                notes.add(.oldName(key, Bytes("rc")), at: start)
                key = Bytes("rc")
            }
            try text.expect(ASCII.colon, "':'")
            members.append(
                DialectMember(key: key, keyOffset: start, value: try value(depth: depth)))
        }
        try checkRepeats(members, isTop: depth == 1)
        return members
    }

    /// An element or the end; how many commas stand between is no matter.
    private mutating func hasElement(
        before end: UInt8, isFirst: Bool
    ) throws(JSONFault) -> Bool {
        text.skipSpace()
        let start = text.offset
        let commaCount = skipCommas()
        if text.next == end {
            if commaCount > 0 { notes.add(.extraComma, at: start) }
            text.offset += 1
            return false
        }
        guard text.next != nil else { throw text.fault(.unexpectedEnd) }
        if commaCount > (isFirst ? 0 : 1) { notes.add(.extraComma, at: start) }
        if commaCount == 0 && !isFirst { notes.add(.missingComma, at: start) }
        return true
    }

    @discardableResult
    private mutating func skipCommas() -> Int {
        var count = 0
        text.skipSpace()
        while text.next == ASCII.comma {
            count += 1
            text.offset += 1
            text.skipSpace()
        }
        return count
    }

    private mutating func key() throws(JSONFault) -> Bytes {
        let start = text.offset
        if text.next == ASCII.doubleQuote {
            let key = try string()
            if key.contains(0) { throw JSONFault(offset: start, problem: .nulInKey) }
            return key
        }
        while let byte = text.next, isLetterOrDigit(byte) || byte == 0x5f { text.offset += 1 }
        let word = Bytes(text.bytes[start..<text.offset])
        guard !word.isEmpty else { throw text.fault(.expected("a string in double quotes")) }
        // rumprun's own documentation has one that lost its opening quote.
        if text.next == ASCII.doubleQuote { text.offset += 1 }
        notes.add(.bareKey, at: start)
        return word
    }

    private mutating func string() throws(JSONFault) -> Bytes {
        let start = text.offset
        let range = try text.skipString()
        let written = Bytes(text.bytes[range])
        guard written.contains(ASCII.backslash) else { return written }
        guard let string = decode(Bytes(text.bytes[start..<text.offset])) else {
            throw JSONFault(offset: start, problem: .refusedByParser)
        }
        return string
    }
}

// Keys that stand there more than once.
extension DialectReader {
    private static let addedUp: [StaticString] = ["env", "net", "blk"]

    /// At the top `env`, `net` and `blk` add up; any other key given twice in one object is an
    /// error that names both places.
    private func checkRepeats(
        _ members: [DialectMember], isTop: Bool
    ) throws(JSONFault) {
        let order = Self.byKey(members)
        var repeated: (first: Int, second: Int)?
        for index in order.indices.dropFirst() {
            let (first, second) = (order[index - 1], order[index])
            let key = members[first].key
            guard key == members[second].key else { continue }
            if isTop && Self.addedUp.contains(where: { key.equals($0) }) { continue }
            if second < repeated?.second ?? .max {
                repeated = (first, second)
            }
        }
        guard let repeated else { return }
        throw JSONFault(
            offset: members[repeated.second].keyOffset,
            problem: .repeatedKey(
                members[repeated.second].key,
                first: text.position(of: members[repeated.first].keyOffset)))
    }

    /// One member a key, where its first stood: `env`, `net` and `blk` add up, objects merge, of
    /// everything else the last counts.
    private mutating func combined(_ members: [DialectMember], isTop: Bool) -> [DialectMember] {
        let order = Self.byKey(members)
        var values: [(first: Int, member: DialectMember)] = []
        var start = 0
        while start < order.count {
            let key = members[order[start]].key
            var end = start + 1
            while end < order.count, members[order[end]].key == key { end += 1 }
            let group = order[start..<end].map { members[$0] }
            let addsUp = isTop && Self.addedUp.contains { key.equals($0) }
            if let member = combined(group, addsUp: addsUp) {
                values.append((order[start], member))
            }
            start = end
        }
        values.sort { $0.first < $1.first }
        return values.map { $0.member }
    }

    /// Members of one key.
    private mutating func combined(_ group: [DialectMember], addsUp: Bool) -> DialectMember? {
        guard var member = group.last else { return nil }
        if group.count == 1 { return member }
        if addsUp {
            notes.add(.repeatedKey(member.key), at: group[1].keyOffset)
            var elements: [DialectValue] = []
            for part in group { elements += part.value.listed }
            member.value = DialectValue(
                offset: group[0].value.offset, content: .array(elements))
        } else if group.allSatisfy({ $0.value.members != nil }) {
            var inner: [DialectMember] = []
            for part in group { inner += part.value.members ?? [] }
            member.value.content = .object(combined(inner, isTop: false))
        }
        return member
    }

    /// Indices sorted by key, equal keys in the order of the text.
    private static func byKey(_ members: [DialectMember]) -> [Int] {
        var order = Array(members.indices)
        order.sort { (left: Int, right: Int) -> Bool in
            members[left].key == members[right].key
                ? left < right : isOrdered(members[left].key, before: members[right].key)
        }
        return order
    }
}
