import BakeContract

/// /etc/passwd and /etc/group of the image, as text. A static PID 1 has no name services, and
/// asking the image's own would run its code as root.
struct UserDatabase {
    var passwd: Bytes
    var group: Bytes

    /// A number needs no entry; a name does. Nil when a name is not there.
    func credentials(for wanted: ProgramUser) -> Credentials? {
        let entry = entry(of: wanted.user)
        let user: UInt32
        switch wanted.user {
        case .number(let number): user = number
        case .name:
            guard let entry else { return nil }
            user = entry.user
        }
        var credentials = Credentials(
            user: user, group: entry?.group ?? user, supplementaryGroups: [],
            home: entry?.home ?? [], name: entry?.name ?? [])
        switch wanted.group {
        case .none: break
        case .some(.number(let number)): credentials.group = number
        case .some(.name(let name)):
            guard let group = groupNumber(name) else { return nil }
            credentials.group = group
        }
        credentials.supplementaryGroups = [credentials.group]
        if let entry, wanted.group == nil {
            credentials.supplementaryGroups += memberships(of: entry.name).filter {
                $0 != credentials.group
            }
        }
        return credentials
    }

    private func entry(of wanted: ProgramUser.Identity) -> Credentials? {
        for line in passwd.lines {
            let fields = line.split(at: UInt8(ascii: ":"))
            guard fields.count >= 7, let user = fields[2].identifier,
                let group = fields[3].identifier
            else { continue }
            let isWanted =
                switch wanted {
                case .number(let number): number == user
                case .name(let name): name == fields[0]
                }
            if isWanted {
                return Credentials(
                    user: user, group: group, supplementaryGroups: [], home: fields[5],
                    name: fields[0])
            }
        }
        return nil
    }

    private func groupNumber(_ wanted: Bytes) -> UInt32? {
        for line in group.lines {
            let fields = line.split(at: UInt8(ascii: ":"))
            if fields.count >= 3, fields[0] == wanted { return fields[2].identifier }
        }
        return nil
    }

    private func memberships(of name: Bytes) -> [UInt32] {
        group.lines.compactMap { line in
            let fields = line.split(at: UInt8(ascii: ":"))
            guard fields.count >= 4, fields[3].split(at: UInt8(ascii: ",")).contains(name) else {
                return nil
            }
            return fields[2].identifier
        }
    }
}

extension Array where Element == UInt8 {
    /// A user or group number. 2^32-1 means "leave as it is" to the kernel, so it is none.
    fileprivate var identifier: UInt32? {
        guard let value = decimal, value < UInt64(UInt32.max) else { return nil }
        return UInt32(value)
    }
}
