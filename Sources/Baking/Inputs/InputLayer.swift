internal import Trees

/// A layer, and what it came from.
struct InputLayer {
    let layer: Layer
    let origin: LayerOrigin
    /// What else the image may say of where it came from, the same on every machine: a digest, the
    /// names of packages.
    var detail = ""

    var source: LayerSource { LayerSource(name: layer.name, origin: origin, detail: detail) }
}

/// What is known of a layer when its files are part of the merged tree.
struct LayerSource {
    let name: String
    let origin: LayerOrigin
    let detail: String
}

/// What a layer came from: in the words of the request, never in those of this machine.
enum LayerOrigin: Hashable {
    /// The directories PID 1 mounts on.
    case bake
    case defaultEtc
    case packages
    case install
    /// A `-R`, counted from 1.
    case tree(_ number: Int)
    /// A layer of the container image that a `-R` names, both counted from 1.
    case imageLayer(tree: Int, number: Int)
    case nodes
    case configuration
    /// An `--edit`, counted from 1.
    case edit(_ number: Int)
}
