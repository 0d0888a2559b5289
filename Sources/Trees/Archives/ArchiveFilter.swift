/// How an archive is compressed.
public enum ArchiveFilter: String, Sendable, CaseIterable {
    case none, gzip, zstd, xz, lz4, bzip2

    /// By what a file begins with: the magic numbers of RFC 1952, RFC 8878, the .xz file format,
    /// the LZ4 frame format and bzip2.
    init(firstBytes: Bytes) {
        self =
            if firstBytes.starts(with: [0x1f, 0x8b]) {
                .gzip
            } else if firstBytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
                .zstd
            } else if firstBytes.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) {
                .xz
            } else if firstBytes.starts(with: [0x04, 0x22, 0x4d, 0x18]) {
                .lz4
            } else if firstBytes.starts(with: "BZh".utf8) {
                .bzip2
            } else {
                .none
            }
    }

    /// By the end of a file's name: `.tar`, `.tar.gz`, `.tgz` and their like; nil for others.
    public init?(suffixOf name: String) {
        let known: [(suffix: String, filter: ArchiveFilter)] = [
            (".tar", .none), (".tar.gz", .gzip), (".tgz", .gzip), (".tar.zst", .zstd),
            (".tar.xz", .xz), (".txz", .xz), (".tar.lz4", .lz4), (".tar.bz2", .bzip2),
            (".tbz2", .bzip2),
        ]
        let bytes = Bytes(name.utf8)
        let found = known.first { suffix, _ in
            bytes.count > suffix.utf8.count
                && bytes.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
        }
        guard let found else { return nil }
        self = found.filter
    }
}

/// What a file that is no tar archive seems to be, for messages.
func guessedFormat(_ firstBytes: Bytes) -> String? {
    let known: [(magic: Bytes, name: String)] = [
        (Bytes("PK".utf8) + [3, 4], "a zip archive"), (Bytes("070701".utf8), "a cpio archive"),
        (Bytes("070702".utf8), "a cpio archive"), (Bytes("070707".utf8), "a cpio archive"),
        (Bytes("!<arch>\n".utf8), "an ar archive, such as a Debian package"),
        (Bytes("hsqs".utf8), "a squashfs image"),
        (Bytes("7z".utf8) + [0xbc, 0xaf], "a 7z archive"),
        (Bytes("Rar!".utf8), "a rar archive"), (Bytes("LZIP".utf8), "an lzip file"),
        ([0x1f, 0x9d], "a file of compress(1)"), ([0xed, 0xab, 0xee, 0xdb], "an RPM package"),
        ([0x7f] + Bytes("ELF".utf8), "a program"),
    ]
    return known.first { firstBytes.starts(with: $0.magic) }?.name
}
