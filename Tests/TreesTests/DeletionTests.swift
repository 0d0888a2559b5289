import Testing
import Trees

private func layer(_ name: String, _ nodes: KeyValuePairs<TreePath, Node>) -> Layer {
    var layer = Layer(name: name)
    for (path, node) in nodes { layer.add(node, at: path) }
    return layer
}

private func file(_ text: String) -> Node { .file(Bytes(text.utf8)) }

private func paths(_ tree: MergedTree) -> [String] {
    tree.entries.dropFirst().map(\.path.description)
}

/// Whiteouts and opaque directories: what a layer takes away from those below it.
@Suite struct DeletionTests {
    private static let base = layer(
        "base",
        [
            "a": .directory(), "a/x": file("x"), "a/y": .directory(), "a/y/z": file("z"),
            "a-": file("beside"), "bin": .symlink(to: Bytes("usr/bin".utf8)),
            "usr/bin": .directory(), "usr/bin/tool": file("tool"),
        ])

    @Test func aWhiteoutRemovesAllThatStandsBelow() throws {
        var upper = Layer(name: "upper")
        upper.whiteouts = ["a"]
        let tree = try MergedTree.overlay([Self.base, upper])
        #expect(paths(tree) == ["/a-", "/bin", "/usr", "/usr/bin", "/usr/bin/tool"])
        #expect(tree.removals.map(\.path) == ["a", "a/x", "a/y", "a/y/z"])
        #expect(tree.removals.allSatisfy { $0.layerIndex == 0 && $0.byLayerIndex == 1 })
        #expect(tree.notes.isEmpty)
    }

    @Test func aWhiteoutSparesTheLayersOwnFiles() throws {
        var upper = layer("upper", ["a/new": file("new")])
        upper.whiteouts = ["a"]
        let tree = try MergedTree.overlay([Self.base, upper])
        #expect(paths(tree).prefix(3) == ["/a", "/a/new", "/a-"])
    }

    @Test func aWhiteoutMakesWayForAnotherKind() throws {
        var upper = layer("upper", ["a": file("now a file"), "a-/below": file("now a directory")])
        upper.whiteouts = ["a", "a-"]
        let tree = try MergedTree.overlay([Self.base, upper])
        #expect(paths(tree).prefix(3) == ["/a", "/a-", "/a-/below"])
    }

    @Test func anOpaqueDirectoryHidesWhatLowerLayersHaveInIt() throws {
        var upper = layer("upper", ["a": .directory(permissions: 0o700), "a/y/new": file("new")])
        upper.opaqueDirectories = ["a"]
        let tree = try MergedTree.overlay([Self.base, upper])
        #expect(paths(tree).prefix(4) == ["/a", "/a/y", "/a/y/new", "/a-"])
        #expect(tree.text.contains("d 0700 0:0 0 /a\n"))
        #expect(tree.removals.map(\.path) == ["a/x", "a/y", "a/y/z"])
    }

    @Test func aWhiteoutBelowALinkMeansWhatTheLinkLeadsTo() throws {
        var upper = Layer(name: "upper")
        upper.whiteouts = ["bin/tool"]
        let tree = try MergedTree.overlay([Self.base, upper])
        #expect(tree.removals.map(\.path) == ["usr/bin/tool"])
        #expect(paths(tree).contains("/bin"))
    }

    @Test(arguments: ["nothing", "a/nothing", "a-/below", "nothing/at/all"] as [TreePath])
    func whatIsNotThereIsSaid(_ path: TreePath) throws {
        var upper = Layer(name: "upper")
        upper.whiteouts = [path]
        let tree = try MergedTree.overlay([Self.base, upper])
        #expect(tree.notes == [.nothingToDelete(path: path, layer: "upper")])
        #expect(tree.removals.isEmpty)
    }

    @Test func deletedFilesComeBackWithALaterLayer() throws {
        var middle = Layer(name: "middle")
        middle.whiteouts = ["a"]
        let tree = try MergedTree.overlay([Self.base, middle, layer("top", ["a/x": file("top")])])
        #expect(paths(tree).prefix(2) == ["/a", "/a/x"])
        #expect(tree.entries.first { $0.path == "a/x" }?.hiddenLayerIndices == [])
    }

    @Test func oneNameOfAHardLinkCanGo() throws {
        var lower = layer("lower", ["a": file("x")])
        lower.link("b", to: "a")
        var upper = Layer(name: "upper")
        upper.whiteouts = ["a"]
        let tree = try MergedTree.overlay([lower, upper])
        #expect(tree.text == "d 0755 0:0 0 /\nf 0644 0:0 0 /b 1\n")
    }
}

/// `--on-conflict replace`: the later layer wins, and says so.
@Suite struct ReplacementTests {
    @Test func aFileReplacesADirectory() throws {
        let tree = try MergedTree.overlay(
            [
                layer(
                    "low",
                    ["p": .directory(), "p/a": file("a"), "p/b/c": file("c"), "q": file("q")]),
                layer("high", ["p": file("file")]),
            ], onConflict: .replace)
        #expect(paths(tree) == ["/p", "/q"])
        #expect(
            tree.notes == [.replaced(path: "p", kind: "a directory", lower: "low", upper: "high")])
        #expect(tree.removals.map(\.path) == ["p/a", "p/b", "p/b/c"])
        #expect(tree.entries[1].hiddenLayerIndices == [0])
    }

    @Test func aDirectoryReplacesAFile() throws {
        let tree = try MergedTree.overlay(
            [layer("low", ["p": file("file")]), layer("high", ["p/a": file("a")])],
            onConflict: .replace)
        #expect(paths(tree) == ["/p", "/p/a"])
        #expect(
            tree.notes == [.replaced(path: "p", kind: "a file", lower: "low", upper: "high")])
    }
}

/// One more layer over a merged tree is the same as all at once.
@Suite struct LateLayerTests {
    @Test func theSameAsAtOnce() throws {
        var low = layer("low", ["a": file("a"), "d/x": file("x")])
        low.link("b", to: "a")
        low.reasons = ["a": .asked, "d/x": .needed(by: "a", how: "so")]
        var top = layer("top", ["d/y": file("y"), "c": file("c")])
        top.whiteouts = ["a", "none"]
        top.reasons = ["c": .asked]
        var late = try MergedTree.overlay([low])
        try late.lay(top)
        let once = try MergedTree.overlay([low, top])
        #expect(late.text == once.text)
        #expect(late.entries == once.entries)
        #expect(late.layerNames == ["low", "top"])
        #expect(late.removals == once.removals)
        #expect(late.notes == once.notes)
        #expect(late.reasons == once.reasons)
        #expect(late.reasons == ["c": .asked, "d/x": .needed(by: "a", how: "so")])
    }
}
