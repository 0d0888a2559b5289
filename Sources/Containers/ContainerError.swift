public import BakeContract
public import SystemPackage
public import Trees

/// Why a container image could not be read. Nothing of it is used then.
public struct ContainerError: Error, Sendable {
    /// As the user wrote it.
    public let image: String
    public let problem: ContainerProblem

    public init(image: String, _ problem: ContainerProblem) {
        self.image = image
        self.problem = problem
    }
}

public enum ContainerProblem: Error, Sendable {
    case missing(file: String)
    case notAFile(file: String)
    case unreadable(file: String, Errno)
    case tooLarge(file: String, byteCount: UInt64, limit: Int)
    case layoutVersion(String)
    case json(ConfigurationError)
    case malformed(file: String, key: String, mustBe: String)
    /// Which image?
    case severalImages(references: [String])
    case noSuchImage(reference: String, references: [String])
    case noImage
    case nestedTooDeep(limit: Int)
    case noSuchPlatform(ImagePlatform, there: [ImagePlatform])
    /// The image's own word, where nothing else says what it is for.
    case otherPlatform(ImagePlatform, wanted: ImagePlatform)
    case mediaType(String, of: String)
    case unknownDigest(String)
    case digestMismatch(digest: String, file: String)
    case sizeMismatch(file: String, byteCount: UInt64, expected: UInt64)
    /// Its contents are not in the image but on some server.
    case foreignLayer(digest: String)
    case layerCount(Int, differenceIDs: Int)
    case linkLoop(file: String)
    case tree(TreeError)
}

extension ContainerError: CustomStringConvertible {
    public var description: String {
        if case .tree(let error) = problem { return error.description }
        return "cannot read the image '\(image)': \(problem)"
    }
}

extension ContainerProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missing(let file):
            "it has no '\(shown(file))'\(Self.hint(missing: file))"
        case .notAFile(let file): "'\(shown(file))' is not a file"
        case .unreadable(let file, let errno): "cannot read '\(shown(file))': \(errno)"
        case .tooLarge(let file, let count, let limit):
            "'\(shown(file))' has \(count) bytes; the limit is \(limit)"
        case .layoutVersion(let version):
            "its layout has version '\(shown(version))'; bake knows 1.0.0"
        case .json(let error): error.description
        case .malformed(let file, let key, let mustBe):
            "in '\(shown(file))', '\(key)' must be \(mustBe)"
        case .severalImages(let references):
            """
            it has several images: \(Self.list(references))
              hint: name one of them behind the path, after a colon
            """
        case .noSuchImage(let reference, let references):
            "it has no image '\(shown(reference))', only \(Self.list(references))"
        case .noImage: "it has no image"
        case .nestedTooDeep(let limit): "its indexes are nested more than \(limit) deep"
        case .noSuchPlatform(let wanted, let there):
            "it has nothing for \(shown(wanted)), only for \(Self.list(there.map(shown)))"
        case .otherPlatform(let platform, let wanted):
            "it is for \(shown(platform)), not for \(shown(wanted))"
        case .mediaType(let type, let what):
            """
            the media type of \(shown(what)) is '\(shown(type))', which is nothing of a container \
            image that bake knows
            """
        case .unknownDigest(let digest):
            "'\(shown(digest))' is no digest by SHA-256 or SHA-512"
        case .digestMismatch(let digest, let file):
            """
            '\(shown(file))' does not have the digest \(shown(digest)): it is damaged, or not the \
            file that is meant
            """
        case .sizeMismatch(let file, let count, let expected):
            "'\(shown(file))' has \(count) bytes where the image says \(expected)"
        case .foreignLayer(let digest):
            """
            its layer \(shown(digest)) is not in it but is to be fetched from elsewhere
              hint: copy the image with its layers, as 'skopeo copy' does, and give the copy
            """
        case .layerCount(let count, let differenceIDs):
            "it has \(count) layers, and its configuration speaks of \(differenceIDs)"
        case .linkLoop(let file): "'\(shown(file))' is a symbolic link that leads nowhere in it"
        case .tree(let error): error.description
        }
    }

    private static func hint(missing file: String) -> String {
        switch file {
        case "oci-layout", "index.json":
            "\n  hint: 'oci:' and 'oci-archive:' are for OCI image layouts"
        case "manifest.json":
            """

              hint: 'docker-archive:' is for what 'docker save' writes since Docker 1.10
            """
        default: ""
        }
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "nothing" : names.map(shown).joined(separator: ", ")
    }
}

/// Text of an image in a message: it may hold anything.
private func shown(_ text: String) -> String { String(printable: Array(text.utf8)) }

private func shown(_ platform: ImagePlatform) -> String { shown(platform.description) }
