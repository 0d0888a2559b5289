public import SystemPackage

/// What `--install` asks for.
public struct InstallRequest: Sendable {
    /// As typed: files, directories, and names of programs, which have no slash.
    public var paths: [String]
    /// Where the paths begin; nil is this machine's root, and relative paths begin where bake was
    /// started.
    public var sysroot: FilePath?
    /// Whether what is needed and not there is a note instead of an error.
    public var allowsMissing: Bool

    public init(paths: [String], sysroot: FilePath? = nil, allowsMissing: Bool = false) {
        self.paths = paths
        self.sysroot = sysroot
        self.allowsMissing = allowsMissing
    }
}

/// Where programs are looked for by name: root's PATH of Debian's login, never that of whoever runs
/// bake.
enum ProgramDirectories {
    static let all = [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
    ].map { [UInt8]($0.utf8) }
}
