/// `--chmod MODE:PATTERN`: other permissions for what the pattern stands for.
public struct ModeRule: Sendable, Hashable {
    public let pattern: PathPattern
    private let steps: [Step]

    private enum Step: Hashable {
        case set(UInt16)
        /// One clause of chmod(1)'s symbolic form; classes as bits of 0o7777.
        case symbolic(who: UInt16, operation: UInt8, what: String)
    }

    /// MODE is octal (`755`, `4755`) or symbolic as chmod(1) has it, without copying from another
    /// class (`u+x,go-w`, `a=rX`); nil when the text is neither, or has no pattern.
    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"),
            let pattern = PathPattern(String(text[text.index(after: colon)...])),
            let steps = Self.steps(String(text[..<colon]))
        else { return nil }
        self.pattern = pattern
        self.steps = steps
    }

    /// The permissions after the rule: the bits of 07777.
    public func applied(to permissions: UInt16, isDirectory: Bool) -> UInt16 {
        steps.reduce(permissions) { permissions, step in
            switch step {
            case .set(let mode): return mode
            case .symbolic(let who, let operation, let what):
                let bits = Self.bits(what, who: who, of: permissions, isDirectory: isDirectory)
                switch operation {
                case UInt8(ascii: "+"): return permissions | bits
                case UInt8(ascii: "-"): return permissions & ~bits
                default: return permissions & ~who | bits
                }
            }
        }
    }

    private static func steps(_ mode: String) -> [Step]? {
        if let first = mode.utf8.first, (0x30...0x37).contains(first) {
            guard mode.utf8.count <= 5, let number = UInt16(mode, radix: 8), number <= 0o7777
            else { return nil }
            return [.set(number)]
        }
        var steps: [Step] = []
        for clause in mode.split(separator: ",", omittingEmptySubsequences: false) {
            guard let step = symbolic(clause) else { return nil }
            steps.append(step)
        }
        return steps
    }

    private static func symbolic(_ clause: Substring) -> Step? {
        let bytes = Array(clause.utf8)
        guard let position = bytes.firstIndex(where: { "+-=".utf8.contains($0) }) else {
            return nil
        }
        var who: UInt16 = 0
        for byte in bytes[..<position] {
            switch byte {
            case UInt8(ascii: "u"): who |= 0o4700
            case UInt8(ascii: "g"): who |= 0o2070
            case UInt8(ascii: "o"): who |= 0o1007
            case UInt8(ascii: "a"): who |= 0o7777
            default: return nil
            }
        }
        let what = bytes[(position + 1)...]
        guard what.allSatisfy({ "rwxXst".utf8.contains($0) }) else { return nil }
        return .symbolic(
            who: position == 0 ? 0o7777 : who, operation: bytes[position],
            what: String(decoding: what, as: UTF8.self))
    }

    private static func bits(
        _ what: String, who: UInt16, of permissions: UInt16, isDirectory: Bool
    ) -> UInt16 {
        var bits: UInt16 = 0
        for letter in what.utf8 {
            switch letter {
            case UInt8(ascii: "r"): bits |= 0o444
            case UInt8(ascii: "w"): bits |= 0o222
            case UInt8(ascii: "x"): bits |= 0o111
            case UInt8(ascii: "X"): bits |= isDirectory || permissions & 0o111 != 0 ? 0o111 : 0
            case UInt8(ascii: "s"): bits |= 0o6000
            default: bits |= 0o1000
            }
        }
        return bits & who
    }
}

extension MergedTree {
    /// The tree with other permissions where rules say so, in their order; and how many paths each
    /// rule changed or could have changed. Symbolic links have no permissions of their own.
    public func applying(_ rules: [ModeRule]) -> (tree: MergedTree, counts: [Int]) {
        var changed = self
        var counts = [Int](repeating: 0, count: rules.count)
        for (index, rule) in rules.enumerated() {
            for entry in entries where rule.pattern.matches(entry.path) {
                let node = changed.nodes[entry.nodeIndex]
                if case .symlink = node.kind { continue }
                counts[index] += 1
                changed.nodes.setPermissions(
                    of: entry.nodeIndex,
                    to: rule.applied(to: node.permissions, isDirectory: node.isDirectory))
            }
        }
        return (changed, counts)
    }
}
