extension JSONValue {
    /// RFC 7396: objects merge key by key, null takes a key away, everything else replaces.
    public func merged(with patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        guard case .object(var members) = self, !members.isEmpty else { return patch.withoutNulls }
        for change in changes {
            let index = members.firstIndex { $0.key == change.key }
            switch (index, change.value) {
            case (nil, .null): break
            case (nil, let value):
                members.append(JSONMember(change.key, JSONValue.object([]).merged(with: value)))
            case (let index?, .null): members.remove(at: index)
            case (let index?, let value):
                members[index].value = members[index].value.merged(with: value)
            }
        }
        return .object(members)
    }

    /// A patch on nothing: what it sets, without what it takes away. Nulls in lists stay.
    private var withoutNulls: JSONValue {
        guard case .object(let members) = self else { return self }
        var kept: [JSONMember] = []
        for member in members where member.value != .null {
            kept.append(JSONMember(member.key, member.value.withoutNulls))
        }
        return .object(kept)
    }

    /// The smallest patch that makes `target` of this value. No patch can set a key of an object
    /// to null, so `target` must hold none.
    public func patch(to target: JSONValue) -> JSONValue {
        guard case .object(let members) = self, case .object(let wanted) = target else {
            return target
        }
        var changes: [JSONMember] = []
        for member in members where target[member.key] == nil {
            changes.append(JSONMember(member.key, .null))
        }
        for member in wanted {
            guard let old = self[member.key] else {
                changes.append(member)
                continue
            }
            if old == member.value { continue }
            let change = old.patch(to: member.value)
            if change != .object([]) || old.members == nil {
                changes.append(JSONMember(member.key, change))
            }
        }
        return .object(changes)
    }
}
