internal import Trees

extension LayerOrigin {
    /// As the provenance has it: `tree 1`, `image-layer 2 3`.
    var words: String {
        switch self {
        case .bake: "bake"
        case .defaultEtc: "defaults-etc"
        case .packages: "packages"
        case .install: "install"
        case .tree(let number): "tree \(number)"
        case .imageLayer(let tree, let number): "image-layer \(tree) \(number)"
        case .nodes: "nodes"
        case .configuration: "configuration"
        case .edit(let number): "edit \(number)"
        }
    }

    init?(words: String) {
        let parts = words.split(separator: " ")
        let numbers = parts.dropFirst().compactMap { Int($0) }
        switch (parts.first, numbers.count) {
        case ("bake", 0): self = .bake
        case ("defaults-etc", 0): self = .defaultEtc
        case ("packages", 0): self = .packages
        case ("install", 0): self = .install
        case ("tree", 1): self = .tree(numbers[0])
        case ("image-layer", 2): self = .imageLayer(tree: numbers[0], number: numbers[1])
        case ("nodes", 0): self = .nodes
        case ("configuration", 0): self = .configuration
        case ("edit", 1): self = .edit(numbers[0])
        default: return nil
        }
        guard self.words == words else { return nil }
    }

    /// For people.
    var label: String {
        switch self {
        case .bake: "bake itself"
        case .defaultEtc: "the default /etc"
        case .packages: "the packages"
        case .install: "--install"
        case .tree(let number): "tree \(number)"
        case .imageLayer(let tree, let number): "image layer \(number) of tree \(tree)"
        case .nodes: "--node"
        case .configuration: "the configuration"
        case .edit(let number): "edit \(number)"
        }
    }

    /// Whether its name is what the user typed, and so belongs into no image.
    var hasTypedName: Bool {
        switch self {
        case .tree, .imageLayer, .edit: true
        default: false
        }
    }
}

extension Provenance.Layer {
    /// For people: the label, and what else is known.
    func label(typed name: String? = nil) -> String {
        let facts = [
            name.map { "'\(printable(Bytes($0.utf8)))'" },
            detail.isEmpty ? nil : printable(Bytes(detail.utf8)),
        ].compactMap { $0 }
        return facts.isEmpty ? origin.label : "\(origin.label) (\(facts.joined(separator: ", ")))"
    }
}
