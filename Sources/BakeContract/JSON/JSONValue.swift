/// A JSON value as it was written: numbers keep their text, objects keep the order of their keys.
///
/// `==` sees that order and that text; compare `compactText` where neither matters.
public enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// The digits as written, a number by the grammar of RFC 8259, so that no precision is lost.
    case number(Bytes)
    /// UTF-8, escapes resolved. May hold NUL.
    case string(Bytes)
    case array([JSONValue])
    /// No key twice.
    case object([JSONMember])
}

/// One `"key": value` of an object.
public struct JSONMember: Equatable, Sendable {
    public var key: Bytes
    public var value: JSONValue

    public init(_ key: Bytes, _ value: JSONValue) {
        self.key = key
        self.value = value
    }
}

extension JSONValue {
    public static func text(_ text: String) -> JSONValue { .string(Bytes(text)) }

    public static func integer(_ value: Int64) -> JSONValue { .number(Bytes(String(value))) }

    /// The value of a key of an object; nil when there is none or this is no object.
    public subscript(_ key: String) -> JSONValue? { self[Bytes(key)] }

    public subscript(_ key: Bytes) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        for member in members where member.key == key { return member.value }
        return nil
    }

    public var string: Bytes? {
        if case .string(let bytes) = self { return bytes }
        return nil
    }

    public var bool: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    public var array: [JSONValue]? {
        if case .array(let elements) = self { return elements }
        return nil
    }

    public var members: [JSONMember]? {
        if case .object(let members) = self { return members }
        return nil
    }

    /// The number, when it is written as a whole number (no fraction, no exponent) and fits.
    public var integer: Int64? {
        guard case .number(let digits) = self else { return nil }
        let isNegative = digits.first == ASCII.minus
        var value: Int64 = 0
        for digit in digits.dropFirst(isNegative ? 1 : 0) {
            guard ASCII.isDigit(digit) else { return nil }
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            // Counted downwards, because the smallest number has no positive counterpart.
            let (sum, tooSmall) = product.subtractingReportingOverflow(Int64(digit &- ASCII.zero))
            if tooLarge || tooSmall { return nil }
            value = sum
        }
        if isNegative { return value }
        return value == .min ? nil : 0 - value
    }

    /// The members sorted by key, at every depth: the form that serialisation writes.
    public var sorted: JSONValue {
        switch self {
        case .array(let elements):
            var sortedElements: [JSONValue] = []
            for element in elements { sortedElements.append(element.sorted) }
            return .array(sortedElements)
        case .object(let members):
            var sortedMembers: [JSONMember] = []
            for member in members {
                sortedMembers.append(JSONMember(member.key, member.value.sorted))
            }
            sortedMembers.sort { isOrdered($0.key, before: $1.key) }
            return .object(sortedMembers)
        default:
            return self
        }
    }
}
