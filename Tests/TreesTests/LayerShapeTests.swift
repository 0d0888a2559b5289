import Testing
import Trees

private func layer(_ text: String) throws -> Layer { try Layer(name: "tree", text: text) }

private func text(_ layer: Layer) throws -> String { try MergedTree.overlay([layer]).text }

private func paths(_ layer: Layer) -> [String] { layer.entries.map(\.path.description) }

/// The text form is read as it is written.
@Suite struct TreeTextTests {
    @Test func everythingComesBack() throws {
        let form = """
            d 1777 0:0 -5 /
            f 4755 1:4294967294 99999999999 /a\\x20b\\x0a\\\\ 3 = /other = /z
            l 0777 0:0 0 /caf\u{e9} -> ../\\xff\\x20x [user.a\\x20b=00ff]
            c 0600 0:5 7 /console 5:1
            b 0660 0:6 0 /disk 4095:1048575
            p 0600 0:0 0 /pipe
            s 0600 0:0 0 /socket [security.x=] [user.y=0a]

            """
        #expect(try text(layer(form)) == form)
    }

    @Test func commentsSayNothing() throws {
        #expect(try paths(layer("# devices\n\nc 0600 0:0 0 /null 1:3\n")) == ["/null"])
    }

    static let flaws: [(line: String, message: String)] = [
        ("x 0755 0:0 0 /a", "1:1: expected a kind: one of d f l c b p s"),
        ("d 9 0:0 0 /a", "1:3: expected a mode such as 0755"),
        ("d 10000 0:0 0 /a", "1:3: expected a mode such as 0755"),
        ("d 0755 root 0 /a", "1:8: expected an owner such as 0:0"),
        ("d 0755 0:0 now /a", "1:12: expected a time in seconds since 1970"),
        ("d 0755 0:0 0 a", "1:14: expected an absolute path"),
        ("d 0755 0:0 0 /a/../b", "1:14: expected an absolute path"),
        ("d 0755 0:0 0 /a\\q", "1:14: expected an absolute path"),
        ("d 0755 0:0 0", "1:14: expected an absolute path"),
        ("c 0600 0:0 0 /null 1", "1:20: expected MAJOR:MINOR"),
        ("l 0777 0:0 0 /a b", "1:17: expected -> TARGET"),
        ("p 0600 0:0 0 /a b", "1:17: expected '= /OTHER/NAME' or '[ATTRIBUTE=HEXADECIMAL]'"),
        ("\np 0600 0:0 0 /a [x=0]", "2:17: expected '= /OTHER/NAME' or '[ATTRIBUTE=HEXADECIMAL]'"),
    ]

    @Test(arguments: flaws)
    func flawsHaveAPlace(_ flaw: (line: String, message: String)) {
        let error = #expect(throws: TreeTextError.self) { try layer(flaw.line) }
        #expect(error?.description == flaw.message)
    }
}

/// `:/TARGET` and `--strip`.
@Suite struct PlacementTests {
    private static let tree = """
        d 0700 0:0 0 /
        d 0711 0:0 0 /app-1.0
        f 0644 0:0 0 /app-1.0/run 1 = /app-1.0/start
        d 0755 0:0 0 /app-1.0/lib
        f 0644 0:0 0 /app-1.0/lib/x 2
        """

    @Test func belowATarget() throws {
        var placed = try layer(Self.tree).placed(at: "opt/app")
        #expect(
            try text(placed) == """
                d 0755 0:0 0 /
                d 0755 0:0 0 /opt
                d 0700 0:0 0 /opt/app
                d 0711 0:0 0 /opt/app/app-1.0
                d 0755 0:0 0 /opt/app/app-1.0/lib
                f 0644 0:0 0 /opt/app/app-1.0/lib/x 2
                f 0644 0:0 0 /opt/app/app-1.0/run 1 = /opt/app/app-1.0/start

                """)
        placed.whiteouts = ["gone"]
        placed.reasons = ["a": .asked, "b": .needed(by: "a", how: "so")]
        placed = placed.placed(at: "t")
        #expect(placed.whiteouts == ["t/gone"])
        #expect(placed.reasons == ["t/a": .asked, "t/b": .needed(by: "t/a", how: "so")])
    }

    @Test func withoutTheFirstComponents() throws {
        #expect(
            try text(layer(Self.tree).stripping(1)) == """
                d 0711 0:0 0 /
                d 0755 0:0 0 /lib
                f 0644 0:0 0 /lib/x 2
                f 0644 0:0 0 /run 1 = /start

                """)
    }

    @Test func aFileIsNeverStrippedAway() throws {
        let error = #expect(throws: TreeError.self) { try layer(Self.tree).stripping(2) }
        #expect(
            error?.description == """
                cannot strip 2 components of the paths of 'tree': nothing would be left of the \
                file /app-1.0/run
                  hint: give a smaller --strip, or --exclude the file
                """)
    }

    @Test func twoFilesNeverBecomeOne() throws {
        let twins = "f 0644 0:0 0 /a/x 1\nf 0644 0:0 0 /b/x 1"
        let error = #expect(throws: TreeError.self) { try layer(twins).stripping(1) }
        #expect(error?.description.contains("two files would come to /x") == true)
        let directories = "d 0700 0:0 0 /a/x\nd 0711 0:0 0 /b/x"
        #expect(try text(layer(directories).stripping(1)).hasSuffix("d 0711 0:0 0 /x\n"))
    }
}

@Suite struct PathPatternTests {
    static let matches: [(pattern: String, paths: [TreePath], not: [TreePath])] = [
        ("*.pyc", ["a.pyc", "d/e/a.pyc", ".pyc"], ["a.pyc/b", "a.py"]),
        ("/usr/share/doc", ["usr/share/doc"], ["usr/share/doc/x", "x/usr/share/doc"]),
        ("usr/*/man", ["usr/a/man"], ["usr/man", "usr/a/b/man", "x/usr/a/man"]),
        ("/a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["z", "a/b"]),
        ("/a/**", ["a/b", "a/b/c"], ["a", "b"]),
        ("cache/", ["cache", "var/cache"], ["caches"]),
        ("/cache/", ["cache"], ["var/cache"]),
        ("[a-c]?", ["ab", "x/c1"], ["d1", "a"]),
        ("[!a]", ["b"], ["a", "bb"]),
        ("\\*", ["*"], ["a"]),
        ("caf\u{e9}", ["caf\u{e9}"], ["cafe\u{301}"]),
    ]

    @Test(arguments: matches)
    func matching(_ test: (pattern: String, paths: [TreePath], not: [TreePath])) throws {
        let pattern = try #require(PathPattern(test.pattern))
        for path in test.paths { #expect(pattern.matches(path), "\(path)") }
        for path in test.not { #expect(!pattern.matches(path), "\(path)") }
    }

    @Test(arguments: ["", "/", "[a", "a/[", "a\\", "[]"])
    func whatIsNoPattern(_ text: String) {
        #expect(PathPattern(text) == nil)
    }

    @Test func aDirectoryGoesWithAllItHolds() throws {
        let layer = try layer(
            """
            f 0644 0:0 0 /doc/a 1
            d 0755 0:0 0 /usr/doc
            f 0644 0:0 0 /usr/doc/b 1
            f 0644 0:0 0 /usr/doc.txt 1
            f 0644 0:0 0 /usr/x.pyc 1
            """)
        let patterns = ["/usr/doc", "*.pyc", "nothing"].compactMap(PathPattern.init)
        let (kept, counts) = layer.excluding(patterns)
        #expect(paths(kept) == ["/doc/a", "/usr/doc.txt"])
        #expect(counts == [2, 1, 0])
    }
}

@Suite struct ModeRuleTests {
    static let rules: [(mode: String, before: UInt16, after: UInt16, directory: UInt16)] = [
        ("755", 0o600, 0o755, 0o755), ("0", 0o777, 0, 0), ("4711", 0, 0o4711, 0o4711),
        ("u+x", 0o644, 0o744, 0o744), ("go-rwx", 0o755, 0o700, 0o700),
        ("a=r", 0o4755, 0o444, 0o444),
        ("=rX", 0o644, 0o444, 0o555), ("+X", 0o654, 0o755, 0o755),
        ("u+s,g+s", 0o755, 0o6755, 0o6755),
        ("+t", 0o777, 0o1777, 0o1777), ("u=rw,g=r,o=", 0o777, 0o640, 0o640),
    ]

    @Test(arguments: rules)
    func modes(_ test: (mode: String, before: UInt16, after: UInt16, directory: UInt16)) throws {
        let rule = try #require(ModeRule("\(test.mode):*"))
        #expect(rule.applied(to: test.before, isDirectory: false) == test.after)
        #expect(rule.applied(to: test.before, isDirectory: true) == test.directory)
    }

    @Test(arguments: ["755", "755:", "8:*", "77777:*", "u:*", "z+x:*", "u+q:*", "u+x,:*", ":*"])
    func whatIsNoRule(_ text: String) {
        #expect(ModeRule(text) == nil)
    }

    @Test func laterRulesWinAndLinksKeepTheirs() throws {
        let tree = try MergedTree.overlay([
            layer("f 0644 0:0 0 /bin/a 1\nl 0777 0:0 0 /bin/b -> a\nd 0755 0:0 0 /bin")
        ])
        let rules = ["700:/bin/*", "u-x:a", "700:/none"].compactMap(ModeRule.init)
        let (changed, counts) = tree.applying(rules)
        #expect(changed.text.contains("f 0600 0:0 0 /bin/a 1"))
        #expect(changed.text.contains("l 0777 0:0 0 /bin/b"))
        #expect(counts == [1, 1, 0])
    }
}
