// The forms of rumprun's doc/config.md: `net` with `interfaces`, `gateways` and `dns`, `blk` by
// name, `mount` by mount point.
extension RumprunNames {
    mutating func withNestedForms(_ members: [DialectMember]) throws(TextFault) -> [DialectMember] {
        var result: [DialectMember] = []
        var devices: [DialectMember] = []
        var mounts: DialectMember?
        for member in members {
            if member.key.equals("net"), member.value["interfaces"] != nil {
                notes.add(.documentedForm(member.key), at: member.keyOffset)
                var entries: [DialectValue] = []
                try addInterfaces(of: member.value, to: &entries)
                result.append(member.holding(entries))
            } else if member.key.equals("blk"), let named = member.value.members,
                !named.isEmpty, named.allSatisfy({ $0.value["type"] != nil })
            {
                notes.add(.documentedForm(member.key), at: member.keyOffset)
                devices = named
                if !members.contains(where: { $0.key.equals("mount") }) { mounts = member }
            } else if member.key.equals("mount") {
                notes.add(.documentedForm(member.key), at: member.keyOffset)
                mounts = member
            } else {
                result.append(member)
            }
        }
        if let mounts { try addMounts(mounts, devices, to: &result) }
        return result
    }

    /// One entry of our list for each address of each interface.
    private func addInterfaces(
        of net: DialectValue, to entries: inout [DialectValue]
    ) throws(TextFault) {
        let resolver = [
            ("dns" as StaticString, net["dns"]?["nameservers"]), ("search", net["dns"]?["search"]),
        ]
        for interface in net["interfaces"]?.members ?? [] {
            for address in interface.value["addrs"]?.listed ?? [] {
                guard var members = address.members else {
                    throw Self.fault(address.offset, "net.interfaces", "a list of objects")
                }
                let name = DialectValue(string: interface.key, at: interface.keyOffset)
                members.insert(
                    DialectMember(key: Bytes("if"), keyOffset: interface.keyOffset, value: name),
                    at: 0)
                for (key, value) in resolver where entries.isEmpty {
                    if let value { members.append(Self.member(key, value)) }
                }
                entries.append(
                    DialectValue(offset: address.offset, content: .object(members)))
            }
        }
        for gateway in net["gateways"]?.listed ?? [] { try place(gateway, in: &entries) }
    }

    /// A gateway belongs to the first static address of its family.
    private func place(
        _ gateway: DialectValue, in entries: inout [DialectValue]
    ) throws(TextFault) {
        let family = gateway["type"]?.string ?? Bytes("inet")
        guard let address = gateway["addr"], address.string != nil else {
            throw Self.fault(gateway.offset, "net.gateways", "a list of {\"type\", \"addr\"}")
        }
        let index = entries.firstIndex { entry in
            (entry["type"]?.string ?? Bytes("inet")) == family
                && entry["method"]?.string?.equals("static") == true && entry["gw"] == nil
        }
        guard let index, var members = entries[index].members else {
            throw Self.fault(
                gateway.offset, "net.gateways", "one for a static address of the same type")
        }
        members.append(
            DialectMember(key: Bytes("gw"), keyOffset: address.offset, value: address))
        entries[index].content = .object(members)
    }

    /// `blk` and `mounts` of our form. Devices that nothing mounts stay devices.
    private func addMounts(
        _ mounts: DialectMember, _ devices: [DialectMember], to result: inout [DialectMember]
    ) throws(TextFault) {
        var blocks: [DialectValue] = []
        var others: [DialectValue] = []
        var mounted: [Bytes] = []
        for mount in mounts.key.equals("mount") ? mounts.value.members ?? [] : [] {
            let source = mount.value["source"]?.string ?? []
            let target = Self.member(
                "mountpoint", .init(string: mount.key, at: mount.keyOffset))
            if source.equals("blk"), let path = mount.value["path"], let text = path.string {
                let device = devices.first { Bytes("/dev/") + $0.key == text }
                if let device { mounted.append(device.key) }
                blocks.append(
                    DialectValue(
                        offset: mount.keyOffset,
                        content: .object(
                            Self.device(device, at: path) + [
                                Self.member(
                                    "fstype", .init(string: Bytes("auto"), at: path.offset)),
                                target,
                            ])))
            } else if source.equals("tmpfs") {
                others.append(Self.memoryFileSystem(mount, target))
            } else if !source.equals("kernfs") {
                throw Self.fault(
                    mount.value.offset, "mount", "from \"blk\", \"tmpfs\" or \"kernfs\"")
            }
        }
        for device in devices where !mounted.contains(device.key) {
            blocks.append(
                DialectValue(
                    offset: device.keyOffset,
                    content: .object(Self.device(device, at: device.value))))
        }
        if !blocks.isEmpty { result.append(mounts.named("blk").holding(blocks)) }
        if !others.isEmpty { result.append(mounts.named("mounts").holding(others)) }
    }

    private static func device(_ device: DialectMember?, at path: DialectValue) -> [DialectMember] {
        guard let device else {
            return [
                member("source", .init(string: Bytes("dev"), at: path.offset)),
                member("path", path),
            ]
        }
        var members: [DialectMember] = []
        if let type = device.value["type"] { members.append(member("source", type)) }
        if let path = device.value["path"] { members.append(member("path", path)) }
        return members
    }

    /// rumprun's tmpfs has 1 MB where nothing is said.
    private static func memoryFileSystem(
        _ mount: DialectMember, _ target: DialectMember
    ) -> DialectValue {
        let place = mount.value.offset
        let size = mount.value["options"]?["size"]
        let options = Bytes("size=") + (size?.string ?? Bytes("1M"))
        return DialectValue(
            offset: place,
            content: .object([
                member("fstype", .init(string: Bytes("tmpfs"), at: place)), target,
                member("options", .init(string: options, at: size?.offset ?? place)),
            ]))
    }

    private static func member(_ key: StaticString, _ value: DialectValue) -> DialectMember {
        DialectMember(key: Bytes(key.description), keyOffset: value.offset, value: value)
    }

    private static func fault(
        _ offset: Int, _ key: StaticString, _ mustBe: StaticString
    ) -> TextFault {
        let path = ConfigurationPath([.key(Bytes(key.description))])
        return TextFault(offset: offset, problem: .badValue(path, mustBe: mustBe))
    }
}

extension DialectMember {
    fileprivate func holding(_ elements: [DialectValue]) -> DialectMember {
        var member = self
        member.value = DialectValue(offset: value.offset, content: .array(elements))
        return member
    }

    fileprivate func named(_ key: StaticString) -> DialectMember {
        DialectMember(key: Bytes(key.description), keyOffset: keyOffset, value: value)
    }
}
