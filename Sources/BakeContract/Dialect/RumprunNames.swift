/// rumprun's words as ours: disks as NetBSD calls them, and the forms of rumprun's doc/config.md that
/// its code never read (`RumprunNames+Nested`). The names of interfaces stay: which card is the
/// first, only the guest can know.
struct RumprunNames {
    var notes: DialectNotes

    /// - Parameter members: those of the whole configuration.
    mutating func translate(
        _ members: [DialectMember]
    ) throws(TextFault) -> [DialectMember] {
        var members = try withNestedForms(members)
        for index in members.indices {
            let value = members[index].value
            let key = members[index].key
            if key.equals("rc") {
                members[index].value = try list(value, of: .program)
            } else if key.equals("env"), isRepeated(key) {
                members[index].value = try environment(value)
            } else if key.equals("blk") {
                members[index].value = try list(value, of: .blockDevice)
            }
        }
        return members
    }

    private func isRepeated(_ key: Bytes) -> Bool {
        notes.all.contains { $0.trait == .repeatedKey(key) }
    }

    mutating func rename(_ value: DialectValue, to name: Bytes) -> DialectValue {
        notes.add(.oldName(value.string ?? [], name), at: value.offset)
        return DialectValue(string: name, at: value.offset)
    }

    private enum EntryKind {
        case program
        case blockDevice
    }

    /// A list without what a Linux guest has no use for; an entry alone stays alone.
    private mutating func list(
        _ value: DialectValue, of kind: EntryKind
    ) throws(TextFault) -> DialectValue {
        guard case .array(let elements) = value.content else {
            return try entry(value, kind) ?? DialectValue(offset: value.offset, content: .array([]))
        }
        var kept: [DialectValue] = []
        for element in elements {
            if let translated = try entry(element, kind) { kept.append(translated) }
        }
        return DialectValue(offset: value.offset, content: .array(kept))
    }

    private mutating func entry(
        _ entry: DialectValue, _ kind: EntryKind
    ) throws(TextFault) -> DialectValue? {
        switch kind {
        case .program: program(entry)
        case .blockDevice: try blockDevice(entry)
        }
    }

    /// `args` of the documented form is `argv`.
    private mutating func program(_ entry: DialectValue) -> DialectValue {
        guard var members = entry.members,
            let index = members.firstIndex(where: { $0.key.equals("args") }),
            !members.contains(where: { $0.key.equals("argv") })
        else { return entry }
        notes.add(.oldName(members[index].key, Bytes("argv")), at: members[index].keyOffset)
        members[index].key = Bytes("argv")
        return DialectValue(offset: entry.offset, content: .object(members))
    }

    /// Whatever adds up becomes an object, of which the last value of a name counts, as with
    /// putenv(3).
    private func environment(_ value: DialectValue) throws(TextFault) -> DialectValue {
        guard case .array(let elements) = value.content else { return value }
        var variables: [DialectMember] = []
        for element in elements {
            if let members = element.members {
                variables += members
            } else if let text = element.string, let mark = text.firstIndex(of: ASCII.equals),
                mark > 0
            {
                variables.append(
                    DialectMember(
                        key: Bytes(text[..<mark]), keyOffset: element.offset,
                        value: DialectValue(
                            string: Bytes(text[(mark + 1)...]), at: element.offset)))
            } else {
                let path = ConfigurationPath([.key(Bytes("env"))])
                throw TextFault(
                    offset: element.offset,
                    problem: .badValue(path, mustBe: "of the form \"NAME=VALUE\""))
            }
        }
        return DialectValue(offset: value.offset, content: .object(Self.lastOfEach(variables)))
    }

    private static func lastOfEach(_ members: [DialectMember]) -> [DialectMember] {
        var order = Array(members.indices)
        order.sort { (left: Int, right: Int) -> Bool in
            members[left].key == members[right].key
                ? left < right : isOrdered(members[left].key, before: members[right].key)
        }
        var kept: [Int] = []
        for index in order.indices {
            let isLast =
                index == order.count - 1
                || members[order[index]].key != members[order[index + 1]].key
            if isLast { kept.append(order[index]) }
        }
        return kept.sorted().map { members[$0] }
    }
}

extension RumprunNames {
    /// `ld0`: 0; nil for what is none of those names with a number up to 99 behind.
    static func number(of name: Bytes, among stems: [StaticString]) -> Int? {
        for stem in stems where name.starts(with: stem) {
            let digits = name.dropFirst(stem.utf8CodeUnitCount)
            guard digits.count == 1 || digits.count == 2, digits.allSatisfy(ASCII.isDigit) else {
                continue
            }
            return digits.reduce(0) { $0 * 10 + Int($1 &- ASCII.zero) }
        }
        return nil
    }
}
