internal import BakeContract

/// An OCI image layout (image-spec, image-layout.md): `oci-layout`, `index.json` and
/// `blobs/ALGORITHM/DIGEST`.
struct ImageLayout<Files: ImageFiles> {
    private static var deepestNesting: Int { 8 }

    let files: Files
    let platform: ImagePlatform

    /// Every blob that is used has its length and digest checked.
    func parts(reference: String?) throws(ContainerProblem) -> ImageParts {
        try checkVersion()
        let manifest = try manifest(reference: reference)
        let value = try files.blob(manifest).json()
        let file = manifest.digest.path
        guard let configuration = value["config"], let layers = value["layers"]?.array else {
            throw .malformed(file: file, key: "config and layers", mustBe: "there")
        }
        let descriptor = try BlobDescriptor(configuration, in: file)
        guard MediaType.configurations.contains(descriptor.mediaType) else {
            throw .mediaType(descriptor.mediaType, of: "its configuration")
        }
        let parts = ImageParts(
            configuration: try files.blob(descriptor).json(),
            layers: try layers.map { layer throws(ContainerProblem) in
                try self.layer(layer, in: file)
            })
        try parts.checkPlatform(platform)
        return parts
    }

    private func checkVersion() throws(ContainerProblem) {
        let version = try files.json("oci-layout")["imageLayoutVersion"]?.text ?? ""
        guard version == "1.0.0" else { throw .layoutVersion(version) }
    }

    private func layer(_ value: JSONValue, in file: String) throws(ContainerProblem) -> ImageFile {
        let layer = try BlobDescriptor(value, in: file)
        if layer.isForeign || MediaType.isForeign(layer.mediaType) {
            throw .foreignLayer(digest: layer.digest.description)
        }
        guard MediaType.layers.contains(layer.mediaType) else {
            throw .mediaType(layer.mediaType, of: "the layer \(layer.digest)")
        }
        return try files.blob(layer)
    }

    // MARK: Which image

    private func manifest(reference: String?) throws(ContainerProblem) -> BlobDescriptor {
        let all = try descriptors(try files.json("index.json"), in: "index.json")
        var named = all
        if let reference {
            named = all.filter { $0.isCalled(reference) }
            guard !named.isEmpty else {
                throw .noSuchImage(reference: reference, references: all.map(\.name))
            }
        }
        guard !named.isEmpty else { throw .noImage }
        var found: [(manifest: BlobDescriptor, name: String)] = []
        for descriptor in named {
            guard let manifest = try manifest(in: descriptor, depth: 1) else { continue }
            if found.contains(where: { $0.manifest.digest == manifest.digest }) { continue }
            found.append((manifest, descriptor.name))
        }
        guard let first = found.first else {
            throw .noSuchPlatform(platform, there: try platforms(of: named, depth: 1))
        }
        guard found.count == 1 else { throw .severalImages(references: found.map(\.name)) }
        return first.manifest
    }

    private func descriptors(
        _ index: JSONValue, in file: String
    ) throws(ContainerProblem) -> [BlobDescriptor] {
        guard let manifests = index["manifests"]?.array else {
            throw .malformed(file: file, key: "manifests", mustBe: "a list")
        }
        return try manifests.map { value throws(ContainerProblem) in
            try BlobDescriptor(value, in: file)
        }
    }

    /// The manifest behind a descriptor, which may be an index of them: the first that is for the
    /// platform (image-spec, image-index.md). Nil where none is.
    private func manifest(
        in descriptor: BlobDescriptor, depth: Int
    ) throws(ContainerProblem) -> BlobDescriptor? {
        if let own = descriptor.platform, !own.satisfies(platform) { return nil }
        if MediaType.manifests.contains(descriptor.mediaType) { return descriptor }
        for child in try children(of: descriptor, depth: depth) {
            if let found = try manifest(in: child, depth: depth + 1) { return found }
        }
        return nil
    }

    private func children(
        of index: BlobDescriptor, depth: Int
    ) throws(ContainerProblem) -> [BlobDescriptor] {
        guard MediaType.indexes.contains(index.mediaType) else {
            throw .mediaType(index.mediaType, of: index.name)
        }
        guard depth < Self.deepestNesting else {
            throw .nestedTooDeep(limit: Self.deepestNesting)
        }
        return try descriptors(try files.blob(index).json(), in: index.digest.path)
    }

    private func platforms(
        of descriptors: [BlobDescriptor], depth: Int
    ) throws(ContainerProblem) -> [ImagePlatform] {
        var platforms: [ImagePlatform] = []
        for descriptor in descriptors {
            if let platform = descriptor.platform {
                platforms.append(platform)
            } else if MediaType.indexes.contains(descriptor.mediaType) {
                let children = try children(of: descriptor, depth: depth)
                platforms += try self.platforms(of: children, depth: depth + 1)
            }
        }
        return platforms
    }
}
