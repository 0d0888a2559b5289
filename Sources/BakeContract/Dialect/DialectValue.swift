/// A value of a text in rumprun's dialect, with the place it came from.
struct DialectValue {
    enum Content {
        case null
        case bool(Bool)
        /// As it is written, by the grammar of RFC 8259.
        case number(Bytes)
        /// UTF-8, escapes resolved.
        case string(Bytes)
        case array([DialectValue])
        case object([DialectMember])
    }

    /// In bytes from the start of the user's text.
    var offset: Int
    var content: Content
}

/// One `"key": value`.
struct DialectMember {
    var key: Bytes
    var keyOffset: Int
    var value: DialectValue
}

extension DialectValue {
    init(string: Bytes, at offset: Int) {
        self.init(offset: offset, content: .string(string))
    }

    var string: Bytes? {
        if case .string(let bytes) = content { return bytes }
        return nil
    }

    var members: [DialectMember]? {
        if case .object(let members) = content { return members }
        return nil
    }

    /// A list's elements; null is an empty list, anything else a list of one.
    var listed: [DialectValue] {
        switch content {
        case .array(let elements): elements
        case .null: []
        default: [self]
        }
    }

    subscript(_ key: StaticString) -> DialectValue? {
        members?.first { $0.key.equals(key) }?.value
    }
}
