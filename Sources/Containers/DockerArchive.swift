internal import BakeContract
internal import Trees

/// What `docker save` writes (moby, image/spec/v1.2.md, *Combined Image JSON + Filesystem Changeset
/// Format*): `manifest.json` lists images with the names of their configuration and layers, which
/// stand as `ID/layer.tar` or, in newer ones, as `blobs/sha256/DIGEST`.
struct DockerArchive {
    let files: ArchiveFiles
    let platform: ImagePlatform

    /// The configuration is checked by its name, where that is its digest, the layers by the
    /// configuration.
    func parts(reference: String?) throws(ContainerProblem) -> ImageParts {
        let image = try image(reference: reference)
        guard let path = image["Config"]?.text, let names = image["Layers"]?.array else {
            throw .malformed(
                file: "manifest.json", key: "Config and Layers", mustBe: "there")
        }
        let file = try files.require(path)
        if let digest = Self.digest(inNameOf: path) { try file.check(digest) }
        let configuration = try file.json()
        var layers: [ImageFile] = []
        for name in names {
            guard let name = name.text else {
                throw .malformed(file: "manifest.json", key: "Layers", mustBe: "a list of strings")
            }
            layers.append(try files.require(name))
        }
        try check(layers, against: configuration, in: path)
        let parts = ImageParts(configuration: configuration, layers: layers)
        try parts.checkPlatform(platform)
        return parts
    }

    private func image(reference: String?) throws(ContainerProblem) -> JSONValue {
        guard let all = try files.json("manifest.json").array else {
            throw .malformed(file: "manifest.json", key: "manifest.json", mustBe: "a list")
        }
        let names = all.map { image in image["RepoTags"]?.array?.compactMap(\.text) ?? [] }
        guard let reference else {
            guard all.count <= 1 else {
                throw .severalImages(
                    references: zip(names, all).map { $0.first ?? $1.digestOfConfig })
            }
            guard let only = all.first else { throw .noImage }
            return only
        }
        let found = names.firstIndex { $0.contains { Self.isCalled($0, reference) } }
        guard let found else {
            throw .noSuchImage(reference: reference, references: names.flatMap { $0 })
        }
        return all[found]
    }

    /// `docker.io/library/alpine:latest` may be called `alpine`.
    private static func isCalled(_ tag: String, _ reference: String) -> Bool {
        [reference, reference + ":latest"].contains { tag == $0 || tag.hasSuffix("/" + $0) }
    }

    private static func digest(inNameOf path: String) -> BlobDigest? {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return BlobDigest("sha256:" + (name.hasSuffix(".json") ? String(name.dropLast(5)) : name))
    }

    /// The configuration has the digest of every layer as it was before compression.
    private func check(
        _ layers: [ImageFile], against configuration: JSONValue, in path: String
    ) throws(ContainerProblem) {
        guard let identifiers = configuration["rootfs"]?["diff_ids"]?.array else {
            throw .malformed(file: path, key: "rootfs.diff_ids", mustBe: "a list of digests")
        }
        guard identifiers.count == layers.count else {
            throw .layerCount(layers.count, differenceIDs: identifiers.count)
        }
        for (identifier, layer) in zip(identifiers, layers) {
            let text = identifier.text ?? ""
            guard let digest = BlobDigest(text) else { throw .unknownDigest(text) }
            var hasher = BlobHasher(digest.algorithm)
            do throws(TreeError) {
                try ArchiveFilter.decompress(
                    layer.descriptor, bytes: layer.bytes, name: layer.path
                ) { hasher.update($0) }
            } catch {
                throw .tree(error)
            }
            guard hasher.matches(digest) else {
                throw .digestMismatch(digest: digest.description, file: layer.path)
            }
        }
    }
}

extension JSONValue {
    fileprivate var digestOfConfig: String { self["Config"]?.text ?? "" }
}
