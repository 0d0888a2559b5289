internal import Tools

/// Packages to make a layer of.
public struct PackageRequest: Sendable, Equatable {
    /// As apt takes them: NAME, NAME=VERSION or NAME/SUITE.
    public var packages: [String]
    /// A release such as `trixie`; the one this machine's apt reads when nil.
    public var suite: String?
    /// A URI, or a whole line of sources.list(5); where this machine's apt looks when nil.
    public var mirror: String?
    public var variant: PackageVariant
    /// Debian's name for it: `amd64`, `arm64`.
    public var architecture: String
    /// Manual pages, documentation and translations come along. Without, what Debian's own slim
    /// images leave out is left out; copyright files always come.
    public var keepsDocumentation: Bool

    public init(
        packages: [String], suite: String? = nil, mirror: String? = nil,
        variant: PackageVariant = .essential,
        architecture: String = PackageRequest.nativeArchitecture, keepsDocumentation: Bool = false
    ) {
        self.packages = packages
        self.suite = suite
        self.mirror = mirror
        self.variant = variant
        self.architecture = architecture
        self.keepsDocumentation = keepsDocumentation
    }

    public static var nativeArchitecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }
}

/// What comes with the packages that were named and their dependencies.
/// docs/decisions/0010-packages.md has the figures.
public enum PackageVariant: String, CaseIterable, Sendable {
    /// Nothing, and nothing is configured: no users, no alternatives, no caches.
    case extract
    /// The packages Debian calls essential, which every package may use without depending on them.
    case essential
    /// Those and apt.
    case apt
    /// Those of priority required.
    case minbase
    /// Those and priority important.
    case important
    /// Those and priority standard.
    case standard

    /// What apt is asked for besides the user's packages: patterns of apt-patterns(7).
    func patterns(architecture: String) -> [String] {
        func all(_ term: String) -> String { "?narrow(?architecture(\(architecture)),\(term))" }
        let essential = [all("?essential")]
        let required = essential + [all("?priority(required)")]
        let important = required + [all("?priority(important)")]
        return switch self {
        case .extract: []
        case .essential: essential
        case .apt: essential + ["apt"]
        case .minbase: required
        case .important: important
        case .standard: important + [all("?priority(standard)")]
        }
    }
}

/// A package as the user named it.
struct RequestedPackage: Equatable {
    let name: String
    /// `=VERSION` or `/SUITE`, or nothing.
    let selection: String

    var text: String { name + selection }

    init(_ text: String) throws(PackageError) {
        let name = text.prefix { $0 != "=" && $0 != "/" }
        let selection = text[name.endIndex...]
        // To apt a name that ends with a minus is one to remove.
        guard isPackageName(name), !name.hasSuffix("-") else { throw .badName(text) }
        if !selection.isEmpty {
            guard isPlainWord(selection.dropFirst()) else { throw .badName(text) }
        }
        self.name = String(name)
        self.selection = String(selection)
    }
}

extension PackageRequest {
    /// The packages, each once, in the order of their bytes: `-a -b` asks for what `-b -a` does.
    func sortedPackages() throws(PackageError) -> [RequestedPackage] {
        guard !packages.isEmpty else { throw .noPackages }
        var requested: [RequestedPackage] = []
        for text in packages.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let package = try RequestedPackage(text)
            if requested.last != package { requested.append(package) }
        }
        return requested
    }

    func checkNames() throws(PackageError) {
        if let suite, !isPlainWord(suite[...]) { throw .badSuite(suite) }
        guard isPackageName(architecture) else { throw .badArchitecture(architecture) }
    }
}

/// Versions (deb-version(7)) and names of releases: no space, no quote, nothing apt or a shell
/// gives a meaning to, and no leading minus.
func isPlainWord(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, first != UInt8(ascii: "-") else { return false }
    return text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: ".+-~:_/".utf8.contains(byte)
        }
    }
}
