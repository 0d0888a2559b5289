/// One line of a tree's text form, read: see `MergedTree.text` for what it looks like.
struct NodeLine {
    let node: Node
    /// The node's names; the first is where it stands.
    let paths: [TreePath]

    /// Why a line is none, and where: counted in characters from 1.
    struct Flaw: Error {
        let column: Int
        let expected: String
    }

    init(_ line: String) throws(Flaw) {
        var words = Words(line)
        let letter = try words.next("a kind: one of d f l c b p s")
        let permissions = try words.next("a mode such as 0755") {
            UInt16($0, radix: 8).flatMap { $0 <= 0o7777 ? $0 : nil }
        }
        let owner = try words.next("an owner such as 0:0") { word -> (UInt32, UInt32)? in
            let numbers = word.split(separator: ":", omittingEmptySubsequences: false)
                .map { UInt32($0) }
            guard numbers.count == 2, let uid = numbers[0], let gid = numbers[1] else { return nil }
            return (uid, gid)
        }
        let mtime = try words.next("a time in seconds since 1970") { Int64($0) }
        var paths = [try words.next("an absolute path", TreePath.init(lineText:))]
        let kind = try Self.kind(letter, &words)
        var xattrs: [Node.Xattr] = []
        while !words.isAtEnd {
            if words.take("=") {
                paths.append(try words.next("an absolute path", TreePath.init(lineText:)))
            } else {
                xattrs.append(
                    try words.next("'= /OTHER/NAME' or '[ATTRIBUTE=HEXADECIMAL]'", Self.xattr))
            }
        }
        node = Node(
            kind, permissions: permissions, uid: owner.0, gid: owner.1, mtimeSeconds: mtime,
            xattrs: xattrs)
        self.paths = paths
    }

    private static func kind(_ letter: String, _ words: inout Words) throws(Flaw) -> Node.Kind {
        switch letter {
        case "d": return .directory
        case "p": return .fifo
        case "s": return .socket
        case "c": return .characterDevice(try words.next("MAJOR:MINOR", device))
        case "b": return .blockDevice(try words.next("MAJOR:MINOR", device))
        case "l":
            guard words.take("->") else { throw words.flaw("-> TARGET") }
            return .symlink(target: try words.next("a target", Bytes.init(lineText:)))
        case "f":
            let count = try words.next("a length in bytes") { Int($0) }
            return .regular(.bytes(Bytes(repeating: 0, count: count)))
        default:
            throw Flaw(column: 1, expected: "a kind: one of d f l c b p s")
        }
    }

    private static func device(_ word: String) -> Node.Device? {
        let numbers = word.split(separator: ":", omittingEmptySubsequences: false).map {
            UInt32($0)
        }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
        return Node.Device(major: major, minor: minor)
    }

    private static func xattr(_ word: String) -> Node.Xattr? {
        guard word.hasPrefix("["), word.hasSuffix("]"),
            let equals = word.lastIndex(of: "="),
            let name = Bytes(lineText: String(word[word.index(after: word.startIndex)..<equals])),
            let value = Bytes(hexadecimal: word[word.index(after: equals)...].dropLast())
        else { return nil }
        return Node.Xattr(name: name, value: value)
    }
}

/// A line, word by word; one blank between two.
private struct Words {
    private var rest: [Substring]
    private var column = 1

    init(_ line: String) {
        rest = line.split(separator: " ", omittingEmptySubsequences: false).reversed()
    }

    var isAtEnd: Bool { rest.isEmpty }

    func flaw(_ expected: String) -> NodeLine.Flaw {
        NodeLine.Flaw(column: column, expected: expected)
    }

    mutating func take(_ word: String) -> Bool {
        guard rest.last == Substring(word) else { return false }
        drop()
        return true
    }

    mutating func next(_ expected: String) throws(NodeLine.Flaw) -> String {
        try next(expected) { $0 }
    }

    mutating func next<Value>(
        _ expected: String, _ read: (String) -> Value?
    ) throws(NodeLine.Flaw) -> Value {
        guard let word = rest.last, !word.isEmpty, let value = read(String(word)) else {
            throw flaw(expected)
        }
        drop()
        return value
    }

    private mutating func drop() {
        column += rest.removeLast().count + 1
    }
}

extension TreePath {
    /// Nil unless it is absolute.
    fileprivate init?(lineText: String) {
        guard lineText.hasPrefix("/"), let bytes = Bytes(lineText: lineText) else { return nil }
        self.init(bytes)
    }
}

extension Bytes {
    /// The bytes behind printable text: `\\` and `\xNN` undone; nil for any other backslash.
    fileprivate init?(lineText: String) {
        self = []
        var rest = Array(lineText.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                append(byte)
                continue
            }
            if rest.first == UInt8(ascii: "\\") {
                append(rest.removeFirst())
                continue
            }
            guard rest.popFirst() == UInt8(ascii: "x"), rest.count >= 2,
                let value = Bytes(hexadecimal: String(decoding: rest.prefix(2), as: UTF8.self)[...])
            else { return nil }
            self += value
            rest = rest.dropFirst(2)
        }
    }

    fileprivate init?(hexadecimal text: Substring) {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        self = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[index..<(index + 2)], as: UTF8.self)
            guard pair.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                let value = UInt8(pair, radix: 16)
            else { return nil }
            append(value)
        }
    }
}
