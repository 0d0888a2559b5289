import Glibc
import TestSupport

/// A tree with one of everything a file system can hold that is easily lost on the way.
struct AwkwardTree {
    /// The tree to bake; what is compared lies below `awkward` in it.
    let scratch: TemporaryDirectory

    static let isRoot = geteuid() == 0

    /// - Parameter isForTar: tar has no way to hold a socket, and what it holds lies in memory once
    ///   it is unpacked, holes too.
    init(isForTar: Bool) throws {
        scratch = try TemporaryDirectory()
        try scratch.make([.directory("awkward")])
        try scratch.make(Self.files)
        try scratch.make(Self.names)
        try scratch.make(Self.special)
        if !isForTar { try scratch.make(Self.squashfsOnly) }
        try makeMany()
        // Close to what the kernel takes as a path (PATH_MAX).
        try scratch.makeNested(
            in: "awkward", depth: 19, name: String(repeating: "p", count: 200), file: "bottom")
        if Self.isRoot { try scratch.make(Self.privileged) }
        try scratch.make([
            .allTimes(1_700_000_000), .time("awkward/oldest", 0), .time("awkward/old", 1),
            .time("awkward/future", 0xffff_ffff),
        ])
    }

    /// A directory with many names; `TreeListing` looks at the names alone.
    private func makeMany() throws {
        try scratch.make([.directory("awkward/many")])
        try scratch.make(
            (0..<10_000).map { .file(HostName("awkward/many/entry number \($0 * 7919 % 10_007)")) })
    }

    private static func words(_ byteCount: Int) -> String {
        let text = (0..<byteCount / 6 + 1).map { "\($0 % 90000 + 10000) " }.joined()
        return String(text.prefix(byteCount))
    }

    /// Around a page, a squashfs block of 256 KiB and a tar record, and modes.
    private static let files: [HostTreeItem] =
        [0, 1, 511, 512, 513, 4095, 4096, 4097, 262_143, 262_144, 262_145, 524_288, 524_289].map {
            .file(HostName("awkward/size-\($0)"), words($0))
        } + [
            .noise("awkward/noise", byteCount: 700_001),
            .sparseFile("awkward/sparse", byteCount: 3_000_000, end: "end"),
            .sparseFile("awkward/hole-only", byteCount: 1_048_576, end: ""),
            .file("awkward/setuid", "u", mode: 0o4755), .file("awkward/setgid", "g", mode: 0o2755),
            .file("awkward/sticky", "t", mode: 0o1644), .file("awkward/all-bits", "", mode: 0o7777),
            .file("awkward/write-only-group", "w", mode: 0o420),
            .file("awkward/oldest"), .file("awkward/old"), .file("awkward/future"),
            .directory("awkward/empty", mode: 0o700), .directory("awkward/shared", mode: 0o3777),
            .directory("awkward/deep"), .directory("awkward/deep/er"),
            .file("awkward/deep/er/file", "bottom"),
            .hardLink("awkward/deep/again", to: "awkward/size-4097"),
            .hardLink("awkward/a-third", to: "awkward/size-4097"),
            .hardLink("awkward/empty-again", to: "awkward/size-0"),
            .xattr("awkward/size-1", name: "user.note", hexadecimal: "00ff0a3d"),
            .xattr("awkward/size-1", name: "user.empty", hexadecimal: ""),
            .xattr("awkward/size-512", name: "user.note", hexadecimal: "00ff0a3d"),
            .xattr("awkward/empty", name: "user.directory", hexadecimal: "64"),
        ]

    private static let names: [HostTreeItem] = [
        .file("awkward/ leading and  double spaces ", "s"), .file("awkward/-rf", "dash"),
        .file("awkward/new\nline", "n"), .file("awkward/tab\tquote'\"\\$`*?", "q"),
        .file("awkward/.hidden", "h"), .file("awkward/ünï", "u"),
        // One word, composed and decomposed, and in capitals.
        .file(HostName(bytes: Array("awkward/caf".utf8) + [0xc3, 0xa9]), "composed"),
        .file(HostName(bytes: Array("awkward/cafe".utf8) + [0xcc, 0x81]), "decomposed"),
        .file("awkward/CAFE", "capitals"), .file("awkward/cafe", "small"),
        .file(HostName(bytes: Array("awkward/".utf8) + [0xff, 0xfe, 0x80]), "bytes"),
        .file(HostName("awkward/" + String(repeating: "n", count: 255)), "long name"),
        .directory(HostName("awkward/" + String(repeating: "d", count: 255))),
    ]

    private static let special: [HostTreeItem] = [
        .symlink("awkward/link", to: "deep/er/file"),
        .symlink("awkward/absolute", to: "/awkward/deep"),
        .symlink("awkward/dangling", to: "../../no where\n"),
        .symlink("awkward/long-link", to: HostName(String(repeating: "t/", count: 2047) + "t")),
        .symlink("awkward/bytes-link", to: HostName(bytes: [0xff, 0x0a])),
        .hardLink("awkward/link-again", to: "awkward/link"),
        .fifo("awkward/pipe"), .hardLink("awkward/pipe-again", to: "awkward/pipe"),
    ]

    private static let squashfsOnly: [HostTreeItem] = [
        .socket("awkward/socket"),
        .sparseFile("awkward/beyond-4-gib", byteCount: 4_294_967_296 + 70_001, end: "end"),
    ]

    private static let privileged: [HostTreeItem] = [
        .file("awkward/mode-000", "nobody", mode: 0),
        .characterDevice("awkward/null", major: 1, minor: 3),
        .characterDevice("awkward/far", major: 4095, minor: 1_048_575),
        .blockDevice("awkward/disk", major: 259, minor: 70_000),
        .owner("awkward/size-513", uid: 70_000, gid: 4_294_967_294),
        .owner("awkward/size-4096", uid: 4_294_967_294, gid: 65_535),
        .owner("awkward/dangling", uid: 1, gid: 2), .owner("awkward/null", uid: 0, gid: 5),
        .owner("awkward/shared", uid: 65_534, gid: 65_536),
        .xattr(
            "awkward/noise", name: "security.capability",
            hexadecimal: "0100000200200000000000000000000000000000"),
        .xattr("awkward/link", name: "trusted.link", hexadecimal: "01"),
    ]
}
