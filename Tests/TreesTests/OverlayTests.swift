import Testing
import Trees

/// Layers as literals: path, then what is there.
private func layer(_ name: String, _ nodes: KeyValuePairs<TreePath, Node>) -> Layer {
    var layer = Layer(name: name)
    for (path, node) in nodes { layer.add(node, at: path) }
    return layer
}

private func file(_ text: String, mode: UInt16 = 0o644) -> Node {
    .file(Bytes(text.utf8), permissions: mode)
}

private func directory(_ mode: UInt16 = 0o755) -> Node { .directory(permissions: mode) }

private func link(_ target: String) -> Node { .symlink(to: Bytes(target.utf8)) }

private func names(_ tree: MergedTree) -> [String] {
    tree.entries.map(\.path.description)
}

@Suite struct OverlayTests {
    @Test func nothingIsARoot() throws {
        let tree = try MergedTree.overlay([])
        #expect(tree.text == "d 0755 0:0 0 /\n")
    }

    @Test func laterFileWins() throws {
        let tree = try MergedTree.overlay([
            layer("low", ["etc": directory(), "etc/a": file("low"), "etc/b": file("b")]),
            layer("high", ["etc/a": file("higher", mode: 0o600)]),
        ])
        #expect(
            tree.text == """
                d 0755 0:0 0 /
                d 0755 0:0 0 /etc
                f 0600 0:0 0 /etc/a 6
                f 0644 0:0 0 /etc/b 1

                """)
        let hiding = try #require(tree.entries.first { $0.path == "etc/a" })
        #expect(hiding.layerIndex == 1)
        #expect(hiding.hiddenLayerIndices == [0])
        #expect(tree.counts.hidden == 1)
        #expect(tree.counts.contentByteCount == 7)
        #expect(tree.notes.isEmpty)
    }

    @Test func directoriesMergeWithTheLaterMode() throws {
        let tree = try MergedTree.overlay([
            layer("low", ["": directory(0o700), "d": directory(0o750), "d/x": file("x")]),
            layer("high", ["d": directory(0o711), "d/y": file("y")]),
        ])
        #expect(names(tree) == ["/", "/d", "/d/x", "/d/y"])
        #expect(tree.nodes[0].permissions == 0o700)
        #expect(tree.node(of: tree.entries[1]).permissions == 0o711)
        #expect(tree.counts.hidden == 0)
    }

    @Test func directoriesNobodyNamesAreMadeAndLeaveOthersAlone() throws {
        let tree = try MergedTree.overlay(
            [
                layer("low", ["data": directory(0o700)]),
                layer("high", ["data/conf/x": file("x")]),
            ], impliedDirectory: .directory(permissions: 0o711, mtimeSeconds: 7))
        #expect(
            tree.text == """
                d 0711 0:0 7 /
                d 0700 0:0 0 /data
                d 0711 0:0 7 /data/conf
                f 0644 0:0 0 /data/conf/x 1

                """)
    }

    static let conflicts: [(lower: Node, upper: Node, path: TreePath, text: String)] = [
        (file("x"), directory(), "p", "/p is a directory in the former and a file in the latter"),
        (directory(), file("x"), "p", "/p is a file in the former and a directory in the latter"),
        (
            directory(), link("q"), "p",
            "/p is a symbolic link in the former and a directory in the latter"
        ),
        (
            Node(.fifo, permissions: 0o644), file("x"), "p/below",
            "/p is a directory in the former and a named pipe in the latter"
        ),
        (
            Node(.socket, permissions: 0o644), directory(), "p",
            "/p is a directory in the former and a socket in the latter"
        ),
    ]

    @Test(arguments: conflicts)
    func typeChangesAreRefused(
        _ conflict: (lower: Node, upper: Node, path: TreePath, text: String)
    ) {
        let error = #expect(throws: TreeError.self) {
            try MergedTree.overlay([
                layer("low/", ["p": conflict.lower]),
                layer("high/", [conflict.path: conflict.upper]),
            ])
        }
        #expect(
            error?.description == "cannot lay 'high/' over 'low/': " + conflict.text)
    }

    @Test func nonDirectoriesReplaceEachOther() throws {
        let tree = try MergedTree.overlay([
            layer("low", ["a": link("/outside"), "b": file("b"), "c": file("c")]),
            layer(
                "high",
                ["a": file("a"), "b": link("x"), "c": Node(.fifo, permissions: 0o600)]),
        ])
        #expect(
            tree.text == """
                d 0755 0:0 0 /
                f 0644 0:0 0 /a 1
                l 0777 0:0 0 /b -> x
                p 0600 0:0 0 /c

                """)
        #expect(tree.counts.hidden == 3)
    }

    @Test func hardLinksLoseOnlyTheHiddenName() throws {
        var low = layer("low", ["a": file("old")])
        low.link("b", to: "a")
        low.link("c", to: "a")
        let tree = try MergedTree.overlay([low, layer("high", ["b": file("newer")])])
        #expect(
            tree.text == """
                d 0755 0:0 0 /
                f 0644 0:0 0 /a 3 = /c
                f 0644 0:0 0 /b 5

                """)
        #expect(tree.counts.hardLinks == 1)
    }

    @Test func whollyHiddenNodesAreGone() throws {
        let tree = try MergedTree.overlay([
            layer("low", ["a": file("old")]), layer("high", ["a": file("new")]),
        ])
        #expect(tree.nodes.count == 2)
    }

    @Test func timesAreClamped() throws {
        var tree = try MergedTree.overlay([
            layer("l", ["a": .file([], mtimeSeconds: 100), "b": .file([], mtimeSeconds: 5)])
        ])
        tree.limitTimes(to: 50)
        #expect(tree.nodes.map(\.mtimeSeconds) == [0, 50, 5])
    }

    @Test func twoLayersKeepTheOrderOfThePath() throws {
        let tree = try MergedTree.overlay([
            layer("low", ["b/x": file(""), "b-": file("")]), layer("high", ["a": file("")]),
        ])
        #expect(names(tree) == ["/", "/a", "/b", "/b/x", "/b-"])
    }
}

/// A lower symbolic link under a later layer's directory.
@Suite struct OverlayLinkTests {
    private static let distribution = layer(
        "distribution",
        [
            "bin": link("usr/bin"), "usr": directory(), "usr/bin": directory(),
            "usr/bin/ls": file("ls"), "lib": link("/usr/lib"), "usr/lib": directory(),
            "up": link("../../../../usr/../usr/lib"), "chain": link("bin"),
            "dangling": link("nowhere/at/all"), "loop": link("loop"), "etc": link("/etc/passwd"),
            "tofile": link("usr/bin/ls"), "self": link("."),
        ])

    static let followed: [(path: TreePath, lands: String)] = [
        ("bin/app", "/usr/bin/app"),
        ("lib/app.so", "/usr/lib/app.so"),
        ("up/app", "/usr/lib/app"),
        ("chain/app", "/usr/bin/app"),
        ("bin/deep/er/app", "/usr/bin/deep/er/app"),
        ("self/app", "/app"),
    ]

    @Test(arguments: followed)
    func leadsIntoTheTree(_ test: (path: TreePath, lands: String)) throws {
        let tree = try MergedTree.overlay([
            Self.distribution, layer("app", [test.path: file("app")]),
        ])
        #expect(names(tree).contains(test.lands))
        #expect(tree.entries.count == Set(names(tree)).count)
        guard case .followedLink(_, _, "distribution", "app")? = tree.notes.first else {
            Issue.record("expected a note, got \(tree.notes)")
            return
        }
    }

    static let replaced: [(path: TreePath, directory: TreePath)] = [
        ("dangling/app", "dangling"), ("loop/app", "loop"), ("etc/app", "etc"),
        ("tofile/app", "tofile"),
    ]

    @Test(arguments: replaced)
    func leadsNowhere(_ test: (path: TreePath, directory: TreePath)) throws {
        let tree = try MergedTree.overlay([
            Self.distribution, layer("app", [test.path: file("app")]),
        ])
        let entry = try #require(tree.entries.first { $0.path == test.directory })
        #expect(tree.node(of: entry).isDirectory)
        #expect(entry.hiddenLayerIndices == [0])
        #expect(names(tree).contains(test.path.description))
        guard case .replacedLink(test.directory, _, "distribution", "app")? = tree.notes.first
        else {
            Issue.record("expected a note, got \(tree.notes)")
            return
        }
    }

    @Test func theLayersOwnDirectoryIsWhatTheLinkMeans() throws {
        let tree = try MergedTree.overlay([
            layer("low", ["lib64": link("usr/lib64")]),
            layer(
                "high",
                [
                    "lib64": directory(), "lib64/a": file("a"), "usr": directory(0o711),
                    "usr/lib64": directory(0o700), "usr/lib64/b": file("b"),
                ]),
        ])
        #expect(
            tree.text == """
                d 0755 0:0 0 /
                l 0777 0:0 0 /lib64 -> usr/lib64
                d 0711 0:0 0 /usr
                d 0700 0:0 0 /usr/lib64
                f 0644 0:0 0 /usr/lib64/a 1
                f 0644 0:0 0 /usr/lib64/b 1

                """)
    }

    @Test func oneLayersTwoFilesForOnePlaceAreSaid() throws {
        let tree = try MergedTree.overlay([
            Self.distribution,
            layer("app", ["bin/tool": file("1"), "usr/bin/tool": file("22")]),
        ])
        #expect(
            tree.notes.contains(
                .twoFilesForOnePlace(path: "usr/bin/tool", winner: "usr/bin/tool", layer: "app")))
        #expect(tree.text.contains("f 0644 0:0 0 /usr/bin/tool 2\n"))
    }

    @Test func theLinkStaysALink() throws {
        let tree = try MergedTree.overlay([
            Self.distribution, layer("app", ["bin": directory(), "bin/app": file("app")]),
        ])
        #expect(tree.text.contains("l 0777 0:0 0 /bin -> usr/bin\n"))
    }
}
