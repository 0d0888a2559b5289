/// A package in one version for one architecture.
public struct DebianPackage: Hashable, Sendable, Comparable {
    public let name: String
    public let version: String
    /// `all` for one that has none.
    public let architecture: String

    public init(name: String, version: String, architecture: String) {
        self.name = name
        self.version = version
        self.architecture = architecture
    }

    /// By the bytes of `text`.
    public static func < (left: DebianPackage, right: DebianPackage) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// One line of a list: "NAME VERSION ARCHITECTURE".
    var text: String { "\(name) \(version) \(architecture)" }

    init?(text: some StringProtocol) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(
            name: String(words[0]), version: String(words[1]), architecture: String(words[2]))
    }

    /// What apt-get install takes on a machine of that architecture.
    func specification(native: String) -> String {
        let isNative = architecture == native || architecture == "all"
        return name + (isNative ? "" : ":\(architecture)") + "=\(version)"
    }

    /// The name apt gives the file it downloads: apt's QuoteString of the version.
    var fileName: String {
        var quoted = ""
        for scalar in version.unicodeScalars {
            switch scalar {
            case ":": quoted += "%3a"
            case "_": quoted += "%5f"
            case "%": quoted += "%25"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return "\(name)_\(quoted)_\(architecture).deb"
    }
}
