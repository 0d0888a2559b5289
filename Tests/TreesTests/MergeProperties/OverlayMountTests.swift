import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// The merge beside the kernel's own: Linux's overlayfs mounts the same layers, tar reads what the
/// kernel shows. Links under directories apart, which overlayfs does not follow: the generator makes
/// none.
@Suite struct OverlayMountTests {
    private static let caseCount = 80

    /// Mounts `0`, `1` and `2` of every directory `case-N`, and packs all that is seen. The mounts go
    /// with the namespace.
    private static let script = """
        set -e
        mkdir merged
        for layers in case-*; do
            name=merged/$layers
            mkdir $name
            mount -t overlay -o userxattr,lowerdir=$layers/2:$layers/1:$layers/0 none $name
        done
        # 1: a directory that one layer alone has lists the whiteouts in it, though they are not there.
        tar --format=pax --sort=name -cf merged.tar -C merged . 2> tar.log || test $? = 1
        """

    @Test func theKernelShowsTheSameTree() throws {
        let directory = try TemporaryDirectory()
        var expected: [String: Picture] = [:]
        var opaque: [String] = []
        for seed in 0..<Self.caseCount {
            let name = "case-\(seed)"
            let layers = Self.layers(seed)
            try directory.make([.directory(HostName(name))])
            for (index, layer) in layers.enumerated() {
                let root = "\(name)/\(index)"
                try directory.make([.directory(HostName(root))])
                try directory.make(layer.items(below: root))
                opaque += layer.opaque.map { "\(root)/\($0)" }
            }
            expected[name] = try MergedTree.overlay(
                layers.map { $0.layer("layer") }, onConflict: .replace
            ).picture
        }
        let marked = try runProcess(
            ["setfattr", "-n", "user.overlay.opaque", "-v", "y"] + opaque, in: directory.path)
        #expect(marked.status == 0, "\(marked.stderrText)")
        for (name, picture) in try mounted(directory) {
            #expect(picture == expected.removeValue(forKey: name), "\(name)")
        }
        #expect(expected.isEmpty)
    }

    /// Three layers that a disk can hold: a whiteout has the name of what it deletes.
    private static func layers(_ seed: Int) -> [PlainLayer] {
        var random = RandomLayers(
            seed: seed, RandomLayers.Shape(hasIdentities: false, hasImplied: false))
        return random.layers(3).map { layer in
            var layer = layer
            let taken = Set(layer.directories.keys).union(layer.files.flatMap(\.names))
            layer.whiteouts = layer.whiteouts.filter { path in
                let above = path.split(separator: "/").dropLast().joined(separator: "/")
                return !taken.contains(path) && layer.directories[above] != nil
            }
            return layer
        }
    }

    private func mounted(_ directory: TemporaryDirectory) throws -> [String: Picture] {
        let namespace = geteuid() == 0 ? ["unshare", "-m"] : ["unshare", "-r", "-m"]
        let result = try runProcess(namespace + ["sh", "-c", Self.script], in: directory.path)
        guard result.status == 0 else { throw TestFailure(result.stderrText) }
        let tree = try MergedTree.overlay([try directory.layer("merged.tar")])
        var pictures: [String: Picture] = [:]
        for (path, line) in tree.picture where !path.isEmpty {
            let name = String(path.prefix { $0 != "/" })
            let words = line.split(separator: " ").map { word in
                word.hasPrefix("\(name)/") ? word.dropFirst(name.count + 1) : word
            }
            pictures[name, default: [:]][String(path.dropFirst(name.count + 1))] =
                words.joined(separator: " ")
        }
        return pictures
    }
}
