internal import CJSON

/// How large a JSON text may be. Every text beyond is refused before it is read.
public struct JSONLimits: Sendable {
    public var byteCount: Int
    /// Arrays and objects within each other.
    public var depth: Int

    public init(byteCount: Int, depth: Int) {
        self.byteCount = byteCount
        self.depth = depth
    }

    /// For configurations: 1 MiB, 32 levels.
    public static let configuration = JSONLimits(byteCount: 1 << 20, depth: 32)
    /// For manifests that other tools wrote: 64 MiB, 64 levels.
    public static let manifest = JSONLimits(byteCount: 64 << 20, depth: 64)
}

extension JSONValue {
    /// Reads one strict JSON text (RFC 8259) through json-c. `file` is what messages call it.
    ///
    /// Refused beyond the grammar, each with its place: a repeated key in one object, a NUL
    /// character in a key, a byte order mark, invalid UTF-8, text beyond the limits.
    public static func parse(
        _ text: Bytes, file: Bytes, limits: JSONLimits = .configuration
    ) throws(ConfigurationError) -> JSONValue {
        do {
            return try parse(text, limits: limits)
        } catch {
            let position = JSONText(text).position(of: error.offset)
            throw ConfigurationError(
                file: file, position: position, problem: .json(error.problem))
        }
    }

    static func parse(_ text: Bytes, limits: JSONLimits) throws(JSONFault) -> JSONValue {
        try checkEncoding(text, limits: limits)
        guard let tokener = json_tokener_new_ex(CInt(limits.depth + 1)) else {
            throw JSONFault(offset: 0, problem: .outOfMemory)
        }
        defer { json_tokener_free(tokener) }
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT)

        // The NUL behind the text tells json-c that a number at the end is complete.
        let terminated = text + [0]
        let root = terminated.withUnsafeBytes { buffer in
            json_tokener_parse_ex(
                tokener, buffer.bindMemory(to: CChar.self).baseAddress, CInt(buffer.count))
        }
        defer { json_object_put(root) }
        let status = json_tokener_get_error(tokener)

        // Our walk goes first: where both see the mistake, it has the better words.
        var walk = JSONWalk(text: JSONText(text), depthLimit: limits.depth)
        walk.hasTree = status == json_tokener_success
        let value = try walk.document(root)
        guard walk.hasTree else {
            let offset = min(Int(json_tokener_get_parse_end(tokener)), text.count)
            throw JSONFault(offset: offset, problem: .refusedByParser)
        }
        if let offset = walk.disagreement {
            throw JSONFault(offset: offset, problem: .refusedByParser)
        }
        return value
    }

    private static func checkEncoding(_ text: Bytes, limits: JSONLimits) throws(JSONFault) {
        guard text.count <= limits.byteCount else {
            throw JSONFault(
                offset: 0, problem: .tooLarge(byteCount: text.count, limit: limits.byteCount))
        }
        if text.starts(with: "\u{feff}") { throw JSONFault(offset: 0, problem: .byteOrderMark) }
        for index in text.indices where text[index] == 0 {
            throw JSONFault(offset: index, problem: .nulByte)
        }
        if let offset = offsetOfInvalidUTF8(text) {
            throw JSONFault(offset: offset, problem: .invalidUTF8)
        }
    }
}

/// Walks a text and json-c's tree of it side by side. Without a tree (json-c refused the text) it
/// only looks for the mistake, and the value it returns means nothing.
private struct JSONWalk {
    var text: JSONText
    let depthLimit: Int
    var hasTree = false
    /// Where json-c's tree holds something else than the text says. A repeated key does that
    /// (json-c keeps the last value in silence), and is refused by name at the end of its object.
    var disagreement: Int?

    init(text: JSONText, depthLimit: Int) {
        self.text = text
        self.depthLimit = depthLimit
    }

    mutating func document(_ root: OpaquePointer?) throws(JSONFault) -> JSONValue {
        text.skipSpace()
        guard text.next != nil else { throw text.fault(.empty) }
        let value = try value(root, depth: 0)
        text.skipSpace()
        guard text.next == nil else { throw text.fault(.textBehind) }
        return value
    }

    private mutating func value(_ node: OpaquePointer?, depth: Int) throws(JSONFault) -> JSONValue {
        text.skipSpace()
        switch text.next {
        case ASCII.leftBrace:
            compare(node, json_type_object)
            return try object(node, depth: depth + 1)
        case ASCII.leftBracket:
            compare(node, json_type_array)
            return try array(node, depth: depth + 1)
        case ASCII.doubleQuote:
            compare(node, json_type_string)
            _ = try text.skipString()
            return .string(bytes(of: node))
        case 0x74:
            try text.skipWord("true")
            return .bool(true)
        case 0x66:
            try text.skipWord("false")
            return .bool(false)
        case 0x6e:
            try text.skipWord("null")
            return .null
        case .some(let byte) where byte == ASCII.minus || ASCII.isDigit(byte):
            return .number(Bytes(text.bytes[try text.skipNumber()]))
        case nil: throw text.fault(.unexpectedEnd)
        default: throw text.fault(.expected("a value"))
        }
    }

    private mutating func array(_ node: OpaquePointer?, depth: Int) throws(JSONFault) -> JSONValue {
        if depth > depthLimit { throw text.fault(.tooDeep(limit: depthLimit)) }
        text.offset += 1
        // json-c asserts where it is asked for an element of anything else.
        let isArray = json_object_get_type(node) == json_type_array
        var elements: [JSONValue] = []
        while try text.hasElement(before: ASCII.rightBracket, isFirst: elements.isEmpty) {
            let element = isArray ? json_object_array_get_idx(node, elements.count) : nil
            elements.append(try value(element, depth: depth))
        }
        return .array(elements)
    }

    private mutating func object(_ node: OpaquePointer?, depth: Int) throws(JSONFault) -> JSONValue
    {
        if depth > depthLimit { throw text.fault(.tooDeep(limit: depthLimit)) }
        text.offset += 1
        var members: [JSONMember] = []
        var offsets: [Int] = []
        while try text.hasElement(before: ASCII.rightBrace, isFirst: members.isEmpty) {
            offsets.append(text.offset)
            let key = try key()
            try text.expect(ASCII.colon, "':'")
            members.append(JSONMember(key, try value(child(of: node, key), depth: depth)))
        }
        try refuseRepeatedKeys(members, offsets)
        return .object(members)
    }

    private mutating func key() throws(JSONFault) -> Bytes {
        let start = text.offset
        let range = try text.skipString()
        let written = Bytes(text.bytes[range])
        guard written.contains(ASCII.backslash) else { return written }
        guard let key = decode(Bytes(text.bytes[(range.lowerBound - 1)...range.upperBound])) else {
            throw JSONFault(offset: start, problem: .refusedByParser)
        }
        // json-c's keys are C strings and end there.
        if key.contains(0) { throw JSONFault(offset: start, problem: .nulInKey) }
        return key
    }

    private func child(of node: OpaquePointer?, _ key: Bytes) -> OpaquePointer? {
        guard hasTree else { return nil }
        var child: OpaquePointer?
        _ = (key + [0]).withUnsafeBytes { buffer in
            json_object_object_get_ex(
                node, buffer.bindMemory(to: CChar.self).baseAddress, &child)
        }
        return child
    }

    private mutating func compare(_ node: OpaquePointer?, _ type: json_type) {
        guard hasTree, disagreement == nil else { return }
        if json_object_get_type(node) != type { disagreement = text.offset }
    }

    private func refuseRepeatedKeys(
        _ members: [JSONMember], _ offsets: [Int]
    ) throws(JSONFault) {
        var order = Array(members.indices)
        order.sort { (left: Int, right: Int) -> Bool in
            members[left].key == members[right].key
                ? left < right : isOrdered(members[left].key, before: members[right].key)
        }
        var repeated: (first: Int, second: Int)?
        for index in order.indices.dropFirst()
        where members[order[index]].key == members[order[index - 1]].key {
            if let repeated, repeated.second < order[index] { continue }
            repeated = (order[index - 1], order[index])
        }
        guard let repeated else { return }
        throw JSONFault(
            offset: offsets[repeated.second],
            problem: .repeatedKey(
                members[repeated.second].key, first: text.position(of: offsets[repeated.first])))
    }
}

/// What json-c makes of one string with its quotes; nil when it is none.
func decode(_ literal: Bytes) -> Bytes? {
    guard let tokener = json_tokener_new_ex(1) else { return nil }
    defer { json_tokener_free(tokener) }
    let node = (literal + [0]).withUnsafeBytes { buffer in
        json_tokener_parse_ex(
            tokener, buffer.bindMemory(to: CChar.self).baseAddress, CInt(buffer.count))
    }
    defer { json_object_put(node) }
    guard let node, json_object_get_type(node) == json_type_string else { return nil }
    return bytes(of: node)
}

/// The bytes of a json-c string.
private func bytes(of node: OpaquePointer?) -> Bytes {
    guard let node, json_object_get_type(node) == json_type_string,
        let start = json_object_get_string(node)
    else { return [] }
    return Bytes(
        UnsafeRawBufferPointer(start: start, count: Int(json_object_get_string_len(node))))
}
