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
}
