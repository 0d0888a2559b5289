internal import BakeContract

/// How one part of an image refers to another (OCI image-spec, descriptor.md).
struct BlobDescriptor {
    let mediaType: String
    let digest: BlobDigest
    let byteCount: UInt64
    let isForeign: Bool
    let platform: ImagePlatform?
    /// What users call it: `latest`, `alpine:3.19`.
    let names: [String]

    /// - Parameter file: the file that holds it, for messages.
    init(_ value: JSONValue, in file: String) throws(ContainerProblem) {
        guard let type = value["mediaType"]?.text else {
            throw .malformed(file: file, key: "mediaType", mustBe: "a string")
        }
        guard let text = value["digest"]?.text else {
            throw .malformed(file: file, key: "digest", mustBe: "a string")
        }
        guard let digest = BlobDigest(text) else { throw .unknownDigest(text) }
        guard let size = value["size"]?.integer, size >= 0 else {
            throw .malformed(file: file, key: "size", mustBe: "a number of bytes")
        }
        mediaType = type
        self.digest = digest
        byteCount = UInt64(size)
        isForeign = value["urls"]?.array?.isEmpty == false
        platform = value["platform"].flatMap(ImagePlatform.init)
        let annotations = value["annotations"]
        names = ["org.opencontainers.image.ref.name", "io.containerd.image.name"].compactMap {
            annotations?[$0]?.text
        }
    }

    /// For messages: what users call it, else its digest.
    var name: String { names.first ?? digest.description }

    func isCalled(_ reference: String) -> Bool {
        names.contains(reference) || digest.description == reference
    }
}

extension ImagePlatform {
    /// As indexes and configurations of images have it.
    init?(_ value: JSONValue) {
        guard let system = value["os"]?.text, let architecture = value["architecture"]?.text,
            !system.isEmpty, !architecture.isEmpty
        else { return nil }
        self.init(
            operatingSystem: system, architecture: architecture, variant: value["variant"]?.text)
    }
}

extension JSONValue {
    var text: String? { string.map { String(decoding: $0, as: UTF8.self) } }
}

/// The media types of what an image is made of: OCI's (image-spec, media-types.md) and Docker's
/// (distribution, image manifest version 2, schema 2).
enum MediaType {
    static let indexes: Set = [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ]
    static let manifests: Set = [
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
    static let configurations: Set = [
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    ]
    static let layers: Set = [
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
    ]

    static func isForeign(_ type: String) -> Bool {
        type.hasPrefix("application/vnd.oci.image.layer.nondistributable.")
            || type.hasPrefix("application/vnd.docker.image.rootfs.foreign.")
    }
}
