internal import Trees

/// The directories that /etc/ld.so.conf names (ldconfig(8)), in order.
struct LibraryConfiguration {
    private(set) var directories: [Bytes] = []
    private var filesRead: Set<Bytes> = []

    private static let path = Bytes("/etc/ld.so.conf".utf8)
    /// Files that include each other; Debian's has one that includes three.
    private static let fileLimit = 1000

    init(in tree: any ProgramTree) throws(TreeError) {
        try read(Self.path, in: tree)
    }

    private mutating func read(_ file: Bytes, in tree: any ProgramTree) throws(TreeError) {
        guard filesRead.count < Self.fileLimit, filesRead.insert(file).inserted,
            let text = try tree.text(at: file)
        else { return }
        for line in text.settingLines {
            let words = line.split(whereSeparator: \.isBlank)
            if words[0].elementsEqual("include".utf8) {
                for pattern in words.dropFirst() {
                    for included in try tree.paths(matching: Self.path(pattern, beside: file)) {
                        try read(included, in: tree)
                    }
                }
            } else if !words[0].elementsEqual("hwcap".utf8), line.first == UInt8(ascii: "/") {
                // `DIR=TYPE` was for libc5 and is still accepted.
                directories.append(Bytes(line.prefix { $0 != UInt8(ascii: "=") }))
            }
        }
    }

    /// Relative patterns begin where the file that has them stands.
    private static func path(_ pattern: ArraySlice<UInt8>, beside file: Bytes) -> Bytes {
        let slash = UInt8(ascii: "/")
        if pattern.first == slash { return Bytes(pattern) }
        let end = file.lastIndex(of: slash).map { $0 + 1 } ?? 0
        return Bytes(file[..<end]) + pattern
    }
}
