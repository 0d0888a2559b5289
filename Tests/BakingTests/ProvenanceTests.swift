import Testing
import Trees

@testable import Baking

@Suite struct ProvenanceTests {
    static let origins: [LayerOrigin] = [
        .bake, .defaultEtc, .packages, .install, .tree(1), .tree(2),
        .imageLayer(tree: 2, number: 3), .nodes, .configuration, .edit(1),
    ]

    private static func merged() throws -> MergedTree {
        var lower = Layer(name: "/home/somebody/lower")
        lower.add(.file([1]), at: "etc/hosts")
        lower.add(.file([1]), at: "etc/removed")
        lower.add(.file([1]), at: "etc/zone")
        lower.add(.file([1]), at: "usr/bin/app")
        lower.add(.file([1]), at: "usr/lib/a")
        lower.add(.file([1]), at: "usr/lib/b")
        lower.reasons = [
            "usr/bin/app": .asked, "usr/lib/a": .needed(by: "usr/bin/app", how: "DT_NEEDED a"),
            "usr/lib/b": .needed(by: "usr/lib/a", how: "DT_NEEDED b"),
        ]
        var upper = Layer(name: "/home/somebody/upper")
        upper.add(.file([2]), at: "etc/hosts")
        upper.add(.file([2]), at: TreePath([0x0a, 0x5c, 0xff])!)
        upper.whiteouts = ["etc/removed"]
        return try MergedTree.overlay([lower, upper])
    }

    private static func sample() throws -> Provenance {
        Provenance(
            of: try merged(),
            layers: [.init(.packages, detail: "bookworm:\ttab\\"), .init(.tree(1))])
    }

    @Test func everyPathKnowsItsLayer() throws {
        let tree = try Self.merged()
        let provenance = try Self.sample()
        for entry in tree.entries {
            #expect(provenance.layer(of: entry.path) == entry.layerIndex, "\(entry.path)")
            #expect(provenance.hiddenLayers(at: entry.path) == entry.hiddenLayerIndices)
        }
        #expect(provenance.hiddenLayers(at: "etc/hosts") == [0])
        #expect(
            provenance.removals(at: "etc/removed")
                == [.init(path: "etc/removed", layer: 0, byLayer: 1)])
        #expect(provenance.removals(at: "etc/hosts").isEmpty)
    }

    @Test func reasonsAreAChain() throws {
        let chain = try Self.sample().chain(from: "usr/lib/b")
        #expect(chain.map(\.path) == ["usr/lib/b", "usr/lib/a", "usr/bin/app"])
        #expect(chain.last?.reason == .asked)
        #expect(try Self.sample().chain(from: "etc/hosts").isEmpty)
    }

    @Test func aCircleOfNeedsEnds() throws {
        var provenance = Provenance()
        provenance.reasons = [
            .init(path: "a", reason: .needed(by: "b", how: "")),
            .init(path: "b", reason: .needed(by: "a", how: "")),
        ]
        #expect(provenance.chain(from: "a").map(\.path) == ["a", "b"])
    }

    @Test func theTextIsAsDocumented() throws {
        let text = String(decoding: try Self.sample().text, as: UTF8.self)
        #expect(
            text.split(separator: "\n").map(String.init) == [
                "bake-provenance 1",
                "layer\tpackages\tbookworm:\\x09tab\\x5c", "layer\ttree 1\t",
                "from\t-\t/", "from\t1\t/\\x0a\\x5c\u{fffd}", "from\t0\t/etc",
                "from\t1\t/etc/hosts", "from\t0\t/etc/zone",
                "hides\t0\t/etc/hosts", "removed\t0\t1\t/etc/removed",
                "asked\t/usr/bin/app", "needed\t/usr/lib/a\t/usr/bin/app\tDT_NEEDED a",
                "needed\t/usr/lib/b\t/usr/lib/a\tDT_NEEDED b",
            ])
        #expect(!text.contains("somebody"))
    }

    @Test func whatWasWrittenIsRead() throws {
        let provenance = try Self.sample()
        #expect(try Provenance(decoding: provenance.text) == provenance)
        for origin in Self.origins {
            #expect(LayerOrigin(words: origin.words) == origin)
        }
        #expect(LayerOrigin(words: "tree 01") == nil)
        #expect(LayerOrigin(words: "tree") == nil)
    }

    @Test(arguments: [
        ("", 1), ("bake-provenance 2\n", 1), ("bake-provenance 1", 1),
        ("bake-provenance 1\nfrom\t0\t/\n", 2), ("bake-provenance 1\nlayer\ttrees\t\n", 2),
        ("bake-provenance 1\nlayer\ttree 1\t\nfrom\t1\t/\n", 3),
        ("bake-provenance 1\nfrom\t-\t/b\nfrom\t-\t/a\n", 3),
        ("bake-provenance 1\nfrom\t-\t/a/../b\n", 2), ("bake-provenance 1\nfrom\t-\ta\n", 2),
        ("bake-provenance 1\nfrom\t-\t/\\x4\n", 2), ("bake-provenance 1\n\n", 2),
        ("bake-provenance 1\nasked\t/b\nasked\t/a\n", 3), ("bake-provenance 1\nfrom\t-\t/a", 2),
    ])
    func whatIsNoProvenanceIsRefused(text: String, line: Int) {
        #expect(throws: Provenance.Flaw(line: line)) {
            try Provenance(decoding: Bytes(text.utf8))
        }
    }

    @Test func anyDamagedByteIsReadOrRefused() throws {
        let text = try Self.sample().text
        for offset in text.indices {
            for byte: UInt8 in [0, 9, 10, 0x2f, 0x39, 0x5c, 0xff] {
                var damaged = text
                damaged[offset] = byte
                // Read or refused: what counts is that nothing traps.
                guard let read = try? Provenance(decoding: damaged) else { continue }
                for run in read.runs {
                    #expect(run.layer.map(read.layers.indices.contains) ?? true)
                }
            }
        }
    }

    /// A Debian's worth of files in runs of two layers: a few kilobytes before compression.
    @Test func anOrdinaryImageIsSmall() throws {
        let paths = (0..<20_000).map {
            TreePath(stringLiteral: "usr/share/\($0 / 100)/file-\($0)")
        }
        let lower = Layer(
            name: "lower", nodes: [.file([1])],
            entries: paths.map { Layer.Entry(path: $0, nodeIndex: 0) })
        var upper = Layer(name: "upper")
        for index in 0..<50 {
            upper.add(.file([2]), at: TreePath(stringLiteral: "usr/share/\(index)/own"))
        }
        let provenance = Provenance(
            of: try MergedTree.overlay([lower, upper]),
            layers: [.init(.packages), .init(.tree(1))])
        #expect(provenance.text.count < 8000)
    }
}
