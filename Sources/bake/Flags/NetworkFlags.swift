internal import ArgumentParser
internal import BakeContract
internal import Launching

/// The network cards of `bake run`, and what the guest does with them.
struct NetworkFlags: ParsableArguments {
    @Option(
        name: [.customShort("p"), .customLong("publish")],
        help: ArgumentHelp(
            "A port of this host led to one of the guest; repeat it for more.",
            valueName: "[udp:][ADDRESS:]HOST:GUEST"))
    var forwards: [String] = []

    @Option(
        name: [.customShort("I"), .customLong("interface")],
        help: ArgumentHelp(
            "A network card; repeat it for more. NETDEV is QEMU's -netdev, by default user.",
            valueName: "TAG,BASE[,NETDEV]"))
    var cards: [String] = []

    @Option(
        name: [.customShort("W"), .customLong("net")],
        help: ArgumentHelp(
            "What an interface does, in place of the baked 'net'; repeat it for more.",
            valueName: NetworkFlags.specificationName))
    var specifications: [String] = []

    @Flag(name: .customLong("no-network"), help: "No network card.")
    var isOff = false

    static let specificationName = "[TAG,]inet,dhcp|inet,static,ADDR/MASK[,GW]|inet6,auto"

    func validate() throws {
        guard !isOff || cards.isEmpty else {
            throw ValidationError("-I and --no-network exclude each other")
        }
    }

    func apply(to request: inout LaunchRequest) throws(CommandFailure) {
        do {
            request.forwards = try forwards.map { text throws(LaunchError) in
                try PortForward(parsing: text)
            }
            if !cards.isEmpty { request.networkCards = try parsedCards() }
        } catch {
            throw CommandFailure(.usage, error.description)
        }
        if isOff { request.networkCards = [] }
    }

    /// The `net` that `-W` asks for; nil without it. A tag of `-I` stands for that card.
    func entries() throws(CommandFailure) -> JSONValue? {
        guard !specifications.isEmpty else { return nil }
        let tags: [Bytes]
        do {
            tags = try parsedCards().map { Array($0.tag.utf8) }
        } catch {
            throw CommandFailure(.usage, error.description)
        }
        var entries: [JSONValue] = []
        for text in specifications {
            guard let specification = NetworkSpecification(parsing: Array(text.utf8)) else {
                throw CommandFailure(.usage, "-W wants \(Self.specificationName), not '\(text)'")
            }
            var name = specification.tag
            if let tag = name, !tags.isEmpty {
                guard let position = tags.firstIndex(of: tag) else {
                    throw CommandFailure(
                        .usage, "-W \(text): no -I makes a card of that name",
                        hint: "-I \(String(decoding: tag, as: UTF8.self)),vioif")
                }
                name = Array(NetworkCard.interfaceName(at: position).utf8)
            }
            entries.append(specification.entry(for: name))
        }
        return .array(entries)
    }

    private func parsedCards() throws(LaunchError) -> [NetworkCard] {
        try cards.map { text throws(LaunchError) in try NetworkCard(parsing: text) }
    }
}
