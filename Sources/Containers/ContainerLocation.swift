/// Where a container image is, as users write it: `oci:DIR[:REF]`, `oci-archive:FILE[:REF]`,
/// `docker-archive:FILE[:REF]` (containers-transports(5), without registries and daemons).
public struct ContainerLocation: Sendable, Hashable {
    public enum Form: String, Sendable, CaseIterable {
        /// A directory in the OCI image layout.
        case oci
        /// The same as a tar archive.
        case ociArchive = "oci-archive"
        /// What `docker save` writes.
        case dockerArchive = "docker-archive"
    }

    public var form: Form
    public var path: String
    /// Which image, where there are several: a name or tag, or a digest.
    public var reference: String?

    public init(_ form: Form, _ path: String, reference: String? = nil) {
        self.form = form
        self.path = path
        self.reference = reference
    }

    /// Nil for text that names no container image. The path ends at the first colon behind it, so
    /// that a reference may have one (`docker-archive:a.tar:alpine:3.19`).
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let form = Form(rawValue: String(parts[0])), !parts[1].isEmpty
        else {
            return nil
        }
        self.init(form, String(parts[1]))
        if parts.count == 3, !parts[2].isEmpty { reference = String(parts[2]) }
    }
}

extension ContainerLocation: CustomStringConvertible {
    public var description: String {
        "\(form.rawValue):\(path)\(reference.map { ":\($0)" } ?? "")"
    }

    /// What layers are named after: `alpine.tar layer 2`.
    var shortName: String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}

/// What a kernel and its machine must be for an image's programs (OCI image-spec, image-index.md).
public struct ImagePlatform: Sendable, Hashable {
    public var operatingSystem: String
    public var architecture: String
    /// `v7` of `linux/arm/v7`; nil: any.
    public var variant: String?

    public init(operatingSystem: String = "linux", architecture: String, variant: String? = nil) {
        self.operatingSystem = operatingSystem
        self.architecture = architecture
        self.variant = variant
    }

    public static let linuxAMD64 = ImagePlatform(architecture: "amd64")

    /// Whether this one will do where `wanted` is asked for.
    func satisfies(_ wanted: ImagePlatform) -> Bool {
        operatingSystem == wanted.operatingSystem && architecture == wanted.architecture
            && (wanted.variant == nil || variant == wanted.variant)
    }
}

extension ImagePlatform: CustomStringConvertible {
    public var description: String {
        "\(operatingSystem)/\(architecture)\(variant.map { "/\($0)" } ?? "")"
    }
}
