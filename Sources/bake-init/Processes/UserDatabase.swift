import BakeContract

/// /etc/passwd and /etc/group of the image, as text. A static PID 1 has no name services, and
/// asking the image's own would run its code as root.
struct UserDatabase {
    var passwd: Bytes
    var group: Bytes

    /// `NAME`, `UID`, `NAME:GROUP`, `UID:GID`. A number needs no entry; a name does. Nil when a name
    /// is not there.
    func credentials(for specification: Bytes) -> Credentials? {
        let parts = specification.split(at: UInt8(ascii: ":"))
        guard parts.count <= 2, let wanted = parts.first, !wanted.isEmpty else { return nil }
        let entry = user(wanted)
        guard let user = entry?.user ?? wanted.identifier else { return nil }

        var credentials = Credentials(
            user: user, group: entry?.group ?? user, supplementaryGroups: [],
            home: entry?.home ?? [], name: entry?.name ?? [])
        if parts.count == 2 {
            guard let group = groupNumber(parts[1]) ?? parts[1].identifier else { return nil }
            credentials.group = group
        }
        credentials.supplementaryGroups = [credentials.group]
        if let name = entry?.name, parts.count == 1 {
            credentials.supplementaryGroups += memberships(of: name).filter {
                $0 != credentials.group
            }
        }
        return credentials
    }

    private func user(_ wanted: Bytes) -> Credentials? {
        for line in passwd.lines {
            let fields = line.split(at: UInt8(ascii: ":"))
            guard fields.count >= 7, let user = fields[2].identifier,
                let group = fields[3].identifier
            else { continue }
            if fields[0] == wanted || user == wanted.identifier {
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
