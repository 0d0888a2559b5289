/// What `-W` says, as rumprun's: `[TAG,]inet,dhcp`, `[TAG,]inet,static,ADDR/MASK[,GW]`,
/// `[TAG,]inet6,auto` or `[TAG,]inet6,static,ADDR/LENGTH[,GW]`. The addresses are looked at where
/// the configuration is read.
public struct NetworkSpecification: Equatable, Sendable {
    /// An interface of `-I`, or an interface's name in the guest; nil for the first free one.
    public var tag: Bytes?
    private var type: Bytes
    private var method: Bytes
    private var address: Bytes?
    private var gateway: Bytes?

    public init?(parsing text: Bytes) {
        var fields = text.split(separator: ASCII.comma, omittingEmptySubsequences: false)
            .map { Bytes($0) }[...]
        guard let first = fields.first, !fields.contains(where: { $0.isEmpty }) else { return nil }
        if !first.equals("inet"), !first.equals("inet6") { tag = fields.removeFirst() }
        guard fields.count >= 2 else { return nil }
        type = fields.removeFirst()
        method = fields.removeFirst()
        let isVersion6 = type.equals("inet6")
        guard isVersion6 || type.equals("inet") else { return nil }
        if method.equals("static") {
            guard fields.count == 1 || fields.count == 2 else { return nil }
            address = fields.removeFirst()
            gateway = fields.first
        } else {
            guard method.equals(isVersion6 ? "auto" : "dhcp"), fields.isEmpty else { return nil }
        }
    }

    /// An entry of `net`. `name` is what the interface is called in the guest.
    public func entry(for name: Bytes?) -> JSONValue {
        var members: [JSONMember] = []
        if let name { members.append(JSONMember(Bytes("if"), .string(name))) }
        members.append(JSONMember(Bytes("type"), .string(type)))
        members.append(JSONMember(Bytes("method"), .string(method)))
        if let address { members.append(JSONMember(Bytes("addr"), .string(address))) }
        if let gateway { members.append(JSONMember(Bytes("gw"), .string(gateway))) }
        return .object(members)
    }
}
