import Testing
import Trees

/// What holds of laying layers over each other, whatever is in them. A failure names its seed.
@Suite struct MergePropertyTests {
    private func merged(
        _ layers: [PlainLayer], _ rule: ConflictRule = .replace
    ) throws -> MergedTree {
        let named = layers.enumerated().map { $1.layer("layer \($0)") }
        return try MergedTree.overlay(named, onConflict: rule)
    }

    @Test func sameAsTheModel() throws {
        var conflictCount = 0
        for seed in 0..<600 {
            var random = RandomLayers(seed: seed)
            let layers = random.layers(1 + random.below(4))
            let model = MergeModel(layers, replaces: true)
            let picture = try merged(layers).picture
            #expect(picture == model.picture, "seed \(seed):\n\(layers)")
            guard model.hasConflict else {
                #expect(try merged(layers, .refuse).picture == picture, "seed \(seed)")
                continue
            }
            conflictCount += 1
            #expect(throws: TreeError.self, "seed \(seed)") { try merged(layers, .refuse) }
        }
        // The generator makes what the test is about.
        #expect((100...500).contains(conflictCount), "\(conflictCount)")
    }

    /// Laying over what was laid before is the same as laying all at once: always.
    @Test func associativeFromTheLeft() throws {
        for seed in 0..<300 {
            var random = RandomLayers(seed: seed)
            let layers = random.layers(3).enumerated().map { $1.layer("layer \($0)") }
            let all = try MergedTree.overlay(layers, onConflict: .replace)
            let two = try MergedTree.overlay(Array(layers.prefix(2)), onConflict: .replace)
            let again = try MergedTree.overlay([two.asLayer, layers[2]], onConflict: .replace)
            #expect(again.text == all.text, "seed \(seed)")
            var late = two
            try late.lay(layers[2], onConflict: .replace)
            #expect(late.text == all.text, "seed \(seed)")
        }
    }

    /// Laying the upper two over each other first is the same where they delete nothing, nothing
    /// changes its kind, every directory is named, and no two layers have one file of a machine
    /// with different metadata: a deletion, the end of a directory under a file, a directory that
    /// is only implied and the metadata of another name's file are about what lies below, and one
    /// merged layer cannot say them any more.
    @Test func associativeFromTheRight() throws {
        let shape = RandomLayers.Shape(
            hasConflicts: false, hasDeletions: false, hasIdentities: false, hasImplied: false)
        for seed in 0..<300 {
            var random = RandomLayers(seed: seed, shape)
            let layers = random.layers(3).enumerated().map { $1.layer("layer \($0)") }
            let all = try MergedTree.overlay(layers)
            let upper = try MergedTree.overlay(Array(layers.suffix(2)))
            #expect(
                try MergedTree.overlay([layers[0], upper.asLayer]).text == all.text, "seed \(seed)")
        }
    }

    @Test func anEmptyLayerChangesNothing() throws {
        for seed in 0..<150 {
            var random = RandomLayers(seed: seed)
            let layers = random.layers(3).enumerated().map { $1.layer("layer \($0)") }
            let text = try MergedTree.overlay(layers, onConflict: .replace).text
            for position in 0...layers.count {
                var more = layers
                more.insert(Layer(name: "empty"), at: position)
                let tree = try MergedTree.overlay(more, onConflict: .replace)
                #expect(tree.text == text, "seed \(seed), position \(position)")
            }
        }
    }

    /// A directory over a link to a directory is as if the layer had put its files there itself.
    @Test func directoriesOverLinksGoWhereTheyLead() throws {
        var testedCount = 0
        let shape = RandomLayers.Shape(hasConflicts: false)
        for seed in 0..<400 {
            var random = RandomLayers(seed: seed, shape)
            var base = random.layer()
            var upper = random.layer()
            let destinations = base.directories.keys.filter { !$0.isEmpty }.sorted()
            guard !destinations.isEmpty, upper.directories.count > 1 else { continue }
            let destination = random.pick(destinations)
            // A name that no layer has, in the root, for the link and the layer's directory.
            let moved = upper.directories.keys.filter { !$0.isEmpty && !$0.contains("/") }.sorted()
            guard let directory = moved.first, !destination.hasPrefix(directory) else { continue }
            upper.whiteouts = upper.whiteouts.filter {
                !destination.hasPrefix($0) && $0 != directory
            }
            let direct = upper.renaming(directory, to: destination)
            let linked = upper.renaming(directory, to: "link")
            guard let direct, let linked else { continue }
            base.files.append(PlainLayer.File(kind: .link, mode: 0o777, names: ["link"]))
            let target = random.pick([destination, "/\(destination)", "../../\(destination)/."])
            let low = base.layer("base").linking("link", to: target)
            let expected = try MergedTree.overlay([low, direct.layer("upper")])
            let tree = try MergedTree.overlay([low, linked.layer("upper")])
            #expect(tree.text == expected.text, "seed \(seed): \(base)\n\(linked)")
            testedCount += 1
        }
        #expect(testedCount > 50, "\(testedCount)")
    }
}

extension MergedTree {
    /// The same tree as if it had been read.
    fileprivate var asLayer: Layer {
        Layer(
            name: "merged", nodes: Array(nodes),
            entries: entries.map { Layer.Entry(path: $0.path, nodeIndex: $0.nodeIndex) })
    }
}

extension Layer {
    fileprivate func linking(_ path: TreePath, to target: String) -> Layer {
        var layer = self
        layer.add(.symlink(to: Bytes(target.utf8)), at: path)
        return layer
    }
}

extension PlainLayer {
    /// With a directory elsewhere; nil when something of the layer stands there already.
    fileprivate func renaming(_ old: String, to new: String) -> PlainLayer? {
        func renamed(_ path: String) -> String {
            path == old || path.hasPrefix(old + "/") ? new + path.dropFirst(old.count) : path
        }
        func isTaken(_ path: String) -> Bool {
            path == new || path.hasPrefix(new + "/") || new.hasPrefix(path + "/")
        }
        let names = Array(directories.keys) + files.flatMap(\.names) + whiteouts
        guard !names.contains(where: isTaken) else { return nil }
        var layer = self
        layer.directories = Dictionary(
            uniqueKeysWithValues: directories.map { (renamed($0.key), $0.value) })
        for index in files.indices { layer.files[index].names = files[index].names.map(renamed) }
        layer.whiteouts = Set(whiteouts.map(renamed))
        layer.opaque = Set(opaque.map(renamed))
        return layer
    }
}
