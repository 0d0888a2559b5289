internal import Trees

/// Where a loader looks when nothing else says where.
enum DefaultDirectories {
    /// glibc's, for a machine: multiarch ones, /lib64 where that is for it, /lib; each also below
    /// /usr.
    ///
    /// Which of them one glibc has was decided when it was built, and stands in its loader, each
    /// with a slash behind and between NULs; where the loader can be read, others are left out.
    static func glibc(
        _ machine: ELFMachine, loader: Node.Content?
    ) throws(TreeError) -> [Bytes] {
        let names = machine.names
        let directories =
            ((names?.multiarch.map { "lib/\($0)" } ?? []) + (names?.libraryDirectories ?? [])
            + ["lib"]).flatMap { [Bytes("/\($0)".utf8), Bytes("/usr/\($0)".utf8)] }
        guard let loader, loader.byteCount <= loaderLimit else { return directories }
        let text = try loader.head(Int(loader.byteCount))
        let own = directories.filter { text.holds([0] + $0 + Bytes("/\0".utf8)) }
        return own.isEmpty ? directories : own
    }

    /// Bytes; loaders have some 200 KiB.
    private static let loaderLimit: UInt64 = 8 << 20

    /// The file that takes the place of musl's default, and what it says or the default is
    /// (ldso/dynlink.c: names end with a colon or a newline).
    static func musl(
        architecture: Bytes, in tree: any ProgramTree
    ) throws(TreeError) -> (file: Bytes, isThere: Bool, directories: [Bytes]) {
        let file = Bytes("/etc/ld-musl-".utf8) + architecture + Bytes(".path".utf8)
        if let text = try tree.text(at: file) {
            let names = text.split { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "\n") }
            return (file, true, names.map { Bytes($0) })
        }
        let standard = ["/lib", "/usr/local/lib", "/usr/lib"].map { Bytes($0.utf8) }
        return (file, false, standard)
    }
}
