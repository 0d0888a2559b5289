import Testing
import Trees

@Suite struct TreePathTests {
    @Test(arguments: [
        ("", "/"),
        ("/", "/"),
        ("usr", "/usr"),
        ("/usr//bin/", "/usr/bin"),
        (".hidden/..dots", "/.hidden/..dots"),
    ])
    func isNormalized(text: String, expected: String) {
        #expect(TreePath(Bytes(text.utf8))?.description == expected)
    }

    @Test(arguments: [".", "..", "a/../b", "a/./b", "a/..", "a\0b"])
    func isRefused(text: String) {
        #expect(TreePath(Bytes(text.utf8)) == nil)
    }

    @Test func sortsComponentByComponent() {
        let sorted: [TreePath] = ["", "a", "a/b", "a/b/c", "a/c", "a-b", "a.c", "ab", "b"]
        #expect(sorted.reversed().sorted() == sorted)
    }

    @Test func parentsAndNames() {
        let path: TreePath = "usr/lib/x"
        #expect(path.parent == "usr/lib")
        #expect(path.name == Bytes("x".utf8))
        #expect(path.parent?.parent?.parent == .root)
        #expect(TreePath.root.parent == nil)
        #expect(TreePath.root.name == [])
        #expect(path.parent?.appending(Bytes("x".utf8)) == path)
    }

    @Test func namesAreBytesNotText() throws {
        // The same letter, composed and decomposed: one String, two names.
        let composed = try #require(TreePath([0xc3, 0xa9]))
        let decomposed = try #require(TreePath([0x65, 0xcc, 0x81]))
        #expect(composed != decomposed)
    }
}

@Suite struct PrintableTests {
    static let cases: [(Bytes, String)] = [
        (Bytes("plain é ж 日".utf8), "plain é ж 日"),
        (Bytes("a\nb\t".utf8), "a\\x0ab\\x09"),
        ([0x1b, 0x5b, 0x33, 0x31, 0x6d], "\\x1b[31m"),
        ([0xff, 0x61, 0xfe], "\\xffa\\xfe"),
        // A lone surrogate, a truncated character, an overlong slash.
        ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"),
        ([0xe6, 0x97], "\\xe6\\x97"),
        ([0xc0, 0xaf], "\\xc0\\xaf"),
        (Bytes("back\\slash".utf8), "back\\\\slash"),
        // Right-to-left override: prints other text than it is.
        (Bytes("\u{202e}cod.exe".utf8), "\\xe2\\x80\\xaecod.exe"),
        ([0x7f, 0xc2, 0x85], "\\x7f\\xc2\\x85"),
    ]

    @Test(arguments: cases)
    func escapes(bytes: Bytes, expected: String) {
        #expect(String(printable: bytes) == expected)
    }
}

@Suite struct OwnerRuleTests {
    static let cases: [(OwnerRule, UInt32, UInt32, UInt32, UInt32)] = [
        (.mapped(user: 1000), 1000, 1000, 0, 0),
        (.mapped(user: 1000), 1000, 33, 0, 0),
        (.mapped(user: 1000), 33, 1000, 33, 1000),
        (.mapped(user: 1000), 0, 42, 0, 42),
        // Root bakes a distribution's tree: /etc/shadow stays root:shadow.
        (.mapped(user: 0), 0, 42, 0, 42),
        (.mapped(user: 0), 1000, 1000, 1000, 1000),
        (.keep, 1000, 1000, 1000, 1000),
        (.root, 1000, 33, 0, 0),
        (.fixed(uid: 5, gid: 6), 1000, 33, 5, 6),
    ]

    @Test(arguments: cases)
    func maps(rule: OwnerRule, uid: UInt32, gid: UInt32, newUid: UInt32, newGid: UInt32) {
        let owner = rule.owner(uid: uid, gid: gid)
        #expect(owner.uid == newUid)
        #expect(owner.gid == newGid)
    }
}
