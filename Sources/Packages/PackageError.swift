public import SystemPackage

/// Everything that can go wrong on the way from the names of packages to a layer. Cases carry the
/// facts; `description` has the sentence, `hint` what to do about it.
public enum PackageError: Error, Equatable, Sendable, CustomStringConvertible {
    case noPackages
    /// A name no Debian package can have, or a version or suite that cannot be one.
    case badName(String)
    case badSuite(String)
    case badMirror(String)
    case badArchitecture(String)
    /// Neither the user nor this machine says which release to take, or where it is.
    case noSources(suite: String?)
    /// None of the sources has them. Each with the known name that was probably meant.
    case unknownPackages([UnknownPackage])
    /// A name that several packages provide, and none has.
    case virtualPackage(name: String, providers: [String])
    /// The package is there, the version or suite asked for is not.
    case unknownVersion(package: String, detail: String)
    /// Known, but not installable: what apt says about its dependencies.
    case unsatisfiable(details: [String])
    case unknownSuite(String?, detail: String)
    /// The sources could not be reached.
    case noNetwork(detail: String)
    /// No key this machine trusts has signed the package lists.
    case notSigned(detail: String)
    case noSpace(FilePath)
    case littleSpace(FilePath, availableByteCount: Int, neededByteCount: Int)
    case toolMissing(name: String, package: String)
    /// This user may not make the namespaces that packages are installed in.
    case noNamespaces(detail: String)
    /// With the last lines the tool wrote.
    case toolFailed(tool: String, status: Int, lines: [String])
    /// The layer holds other packages than apt resolved: `NAME VERSION ARCHITECTURE` each.
    case otherPackages(missing: [DebianPackage], unexpected: [DebianPackage])
    /// A system call failed while we were doing `action` ("read", "create", ...).
    case inputOutput(action: String, path: FilePath, errno: Errno)
}

public struct UnknownPackage: Equatable, Sendable {
    public let name: String
    public let nearest: String?

    public init(name: String, nearest: String? = nil) {
        self.name = name
        self.nearest = nearest
    }
}

extension PackageError {
    /// What the command's exit status tells apart.
    public enum Kind: Sendable {
        case failed
        /// The request cannot be met as it was written.
        case malformedInput
        /// A tool, the network or a right of the user is missing.
        case unavailable
    }

    public var kind: Kind {
        switch self {
        case .noPackages, .badName, .badSuite, .badMirror, .badArchitecture, .noSources,
            .unknownPackages, .virtualPackage, .unknownVersion, .unsatisfiable, .unknownSuite:
            .malformedInput
        case .noNetwork, .notSigned, .toolMissing, .noNamespaces: .unavailable
        case .noSpace, .littleSpace, .toolFailed, .otherPackages, .inputOutput: .failed
        }
    }

    public var description: String {
        switch self {
        case .noPackages: "no package is named"
        case .badName(let text): "'\(text)' is not the name of a package"
        case .badSuite(let suite): "'\(suite)' is not the name of a suite"
        case .badMirror(let mirror):
            "'\(mirror)' is neither a URI nor a line of sources.list"
        case .badArchitecture(let name): "'\(name)' is not the name of an architecture"
        case .noSources(let suite):
            suite.map { "no package source of this machine is known to have suite '\($0)'" }
                ?? "this machine's apt has no package sources"
        case .unknownPackages(let packages):
            "no package source has "
                + packages.map { package in
                    "'\(package.name)'" + (package.nearest.map { " (nearest: '\($0)')" } ?? "")
                }.joined(separator: ", ")
        case .virtualPackage(let name, let providers):
            "'\(name)' is not one package; these provide it: " + providers.joined(separator: ", ")
        case .unknownVersion(let package, let detail): "cannot get '\(package)': \(detail)"
        case .unsatisfiable(let details):
            "the packages cannot be installed together: " + details.joined(separator: "; ")
        case .unknownSuite(let suite, let detail):
            (suite.map { "the package source has no suite '\($0)'" }
                ?? "a package source has not the suite it is listed with") + " (\(detail))"
        case .noNetwork(let detail): "the package sources cannot be reached (\(detail))"
        case .notSigned(let detail):
            "the package lists are not signed by a key this machine trusts (\(detail))"
        case .noSpace(let path): "no space left under '\(path)'"
        case .littleSpace(let path, let available, let needed):
            "there are \(available >> 20) MiB free under '\(path)', \(needed >> 20) are needed"
        case .toolMissing(let name, _): "cannot run '\(name)': it is not installed"
        case .noNamespaces(let detail):
            "this user cannot install packages into a tree: \(detail)"
        case .toolFailed(let tool, let status, let lines):
            "\(tool) ended with status \(status)" + lines.map { "\n  \($0)" }.joined()
        case .otherPackages(let missing, let unexpected):
            "the layer does not hold the packages apt chose: "
                + (missing.map { "-\($0.text)" } + unexpected.map { "+\($0.text)" })
                .joined(separator: ", ")
        case .inputOutput(let action, let path, let errno):
            "cannot \(action) '\(path)': \(errno)"
        }
    }

    /// What the user can do, where we know it.
    public var hint: String? {
        switch self {
        case .badName: "a package is NAME, NAME=VERSION or NAME/SUITE"
        case .badMirror: "as 'https://HOST/debian', or 'deb [OPTIONS] URI SUITE COMPONENT...'"
        case .noSources: "name a source with --mirror"
        case .unknownPackages(let packages):
            packages.contains { $0.nearest == nil } ? "'apt-cache search WORD' looks for it" : nil
        case .virtualPackage: "name one of them"
        case .unknownSuite: "name the source that has it with --mirror"
        case .noNetwork: "check the network, and proxy and sources in /etc/apt"
        case .notSigned:
            "install the package with the archive's keys, as 'debian-archive-keyring'"
        case .noSpace, .littleSpace: "make room, or set BAKE_CACHE to a directory elsewhere"
        case .toolMissing(_, let package): "apt-get install \(package)"
        case .noNamespaces:
            "apt-get install uidmap, and 'usermod --add-subuids 100000-165535"
                + " --add-subgids 100000-165535 USER'"
        case .inputOutput(_, _, .noSpace): "make room on that file system"
        default: nil
        }
    }
}
