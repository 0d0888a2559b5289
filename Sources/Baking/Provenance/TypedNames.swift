internal import Images
internal import Kernels
internal import SystemPackage
internal import Trees

/// What the user called the layers of images baked here: `app/`. In bake's cache, one small file
/// for each image, because an image itself says nothing about the machine it was made on. Safe to
/// delete; then `bake why` says "tree 1" and no more.
struct TypedNames {
    let directory: FilePath

    private static let limit = 256

    init(of cache: KernelCache) {
        directory = cache.root.appending("names")
    }

    /// By position of the layer. Empty where nothing is known.
    func names(of manifest: Manifest) -> [Int: String] {
        let file = file(of: manifest)
        guard let text = try? readWholeFile(file) else { return [:] }  // no name is known then
        var names: [Int: String] = [:]
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
            guard fields.count == 2, let number = Int(String(decoding: fields[0], as: UTF8.self)),
                let name = [UInt8](fields[1]).unescaped
            else { continue }
            names[number] = String(decoding: name, as: UTF8.self)
        }
        return names
    }

    func keep(_ names: [Int: String], of manifest: Manifest) {
        if names.isEmpty { return }
        var text: [UInt8] = []
        for (number, name) in names.sorted(by: { $0.key < $1.key }) {
            text += Array("\(number)\t".utf8) + Array(name.utf8).escaped + [UInt8(ascii: "\n")]
        }
        do {
            try makeDirectory(directory)
            dropOldest()
            let output = try OutputFile(replacing: file(of: manifest))
            try output.write(text)
            try output.finish()
        } catch {
            // A cache that cannot be written costs the names, not the image.
        }
    }

    private func file(of manifest: Manifest) -> FilePath {
        directory.appending(ContentDigest.of(manifest.encoded()).hex)
    }

    /// Makes room for one more.
    private func dropOldest() {
        let known = CachedFile.all(in: directory).sorted { $0.lastUse < $1.lastUse }
        for file in known.prefix(max(0, known.count - (Self.limit - 1))) { file.remove() }
    }
}

extension [LayerSource] {
    /// By position, of the layers that the user named.
    var typedNames: [Int: String] {
        var names: [Int: String] = [:]
        for (index, layer) in enumerated() where layer.origin.hasTypedName {
            names[index] = layer.name
        }
        return names
    }
}

extension Provenance {
    init(_ baked: BakedTree) {
        self.init(of: baked.tree, layers: baked.layers.map(Layer.init))
    }
}

extension Provenance.Layer {
    init(_ source: LayerSource) {
        self.init(source.origin, detail: source.detail)
    }
}
