/// One network card of the guest: `-I TAG,BASE[,BACKEND]`.
public struct NetworkCard: Equatable, Sendable {
    /// What `-W` calls it.
    public var tag: String
    /// As QEMU's -netdev has it, without an id: `user`, `tap,ifname=tap0,script=no`.
    public var backend: String

    /// The one a machine has when nobody says otherwise.
    public static let standard = NetworkCard(tag: "", backend: "user")

    public init(tag: String, backend: String) {
        self.tag = tag
        self.backend = backend
    }

    /// BASE is the name of rumprun's driver, which nobody needs here. BACKEND may begin with
    /// `-net ` or `-netdev `, as rumprun's users write it; without it the card is on a network
    /// of QEMU's own that leads out.
    public init(parsing text: String) throws(LaunchError) {
        let fields = text.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count >= 2, !fields[0].isEmpty, !fields[1].isEmpty else {
            throw .badNetworkCard(text)
        }
        var backend = fields.count == 3 ? fields[2] : "user"
        for option in ["-netdev ", "-net "] where backend.hasPrefix(option) {
            backend = backend.dropFirst(option.count)
        }
        guard let first = backend.first, first != ",", first != "-" else {
            throw .badNetworkCard(text)
        }
        self.init(tag: String(fields[0]), backend: String(backend))
    }

    /// What the kernel calls the card at this position.
    public static func interfaceName(at position: Int) -> String { "eth\(position)" }

    var isUserNetwork: Bool { backend == "user" || backend.hasPrefix("user,") }

    /// QEMU's -netdev value; options follow the id.
    func netdev(at position: Int) -> String {
        let parts = backend.split(separator: ",", maxSplits: 1)
        return (["\(parts[0])", "id=net\(position)"] + parts.dropFirst().map(String.init))
            .joined(separator: ",")
    }
}
