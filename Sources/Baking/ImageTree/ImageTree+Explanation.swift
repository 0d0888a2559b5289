internal import BakeContract
internal import Images
public import Kernels
internal import Trees

/// Where a path of an image came from, as `bake why` says it.
public struct PathExplanation: Sendable {
    public struct Layer: Sendable {
        /// `tree 1`, `defaults-etc`: docs/image-format.md, *Provenance*.
        public let origin: String
        public let detail: String
        /// What the user called it, where this machine baked the image.
        public let typedName: String?
        /// All of that for people.
        public let label: String
    }

    public struct Need: Sendable {
        public let path: [UInt8]
        /// Nil: somebody asked for the path.
        public let by: [UInt8]?
        /// `DT_NEEDED libz.so.1`.
        public let how: String
    }

    public struct Removal: Sendable {
        /// The path asked about, or a directory above it.
        public let path: [UInt8]
        public let layer: Layer
        public let byLayer: Layer
    }

    /// As asked, but absolute.
    public let path: [UInt8]
    /// Where links in its directories lead; nil when it is not in the image. Paths are absolute.
    public let place: [UInt8]?
    /// `a directory`, `a symbolic link`; nil when it is not in the image.
    public let kind: String?
    /// Of a symbolic link.
    public let target: [UInt8]?
    /// Nil when no layer names it: bake made the directory for what is in it.
    public let layer: Layer?
    /// Whose file of the same path it hides.
    public let hiddenLayers: [Layer]
    /// Why it is there: from the path to what somebody asked for.
    public let needs: [Need]
    public let removals: [Removal]
    /// The path that was probably meant when this one is not there.
    public let nearest: [UInt8]?
}

extension ImageTree {
    /// - Parameter cache: where bake keeps what layers were called on the command line; nil when
    ///   there is none.
    public func explanations(
        of paths: [[UInt8]], cache: KernelCache?
    ) throws(BakeError) -> [PathExplanation] {
        let provenance = try provenance()
        let names = cache.map { TypedNames(of: $0).names(of: image.manifest) } ?? [:]
        let tree = try tree()
        let explainer = Explainer(tree: tree, provenance: provenance, names: names)
        return paths.map { explainer.explanation(of: meant($0, in: tree)) }
    }

    func provenance() throws(BakeError) -> Provenance {
        let text: Bytes
        do throws(ImageError) {
            text = try image.provenance()
        } catch {
            throw BakeError(error, image: name)
        }
        guard !text.isEmpty else {
            throw BakeError(.missingInput, "'\(name)' does not say where its files came from")
        }
        do throws(Provenance.Flaw) {
            return try Provenance(decoding: text)
        } catch {
            throw BakeError(
                .malformedInput, "'\(name)': provenance: line \(error.line) is wrong",
                hint: "bake it again")
        }
    }
}

private struct Explainer {
    let tree: MergedTree
    let provenance: Provenance
    let names: [Int: String]

    func explanation(of path: [UInt8]) -> PathExplanation {
        let asked = TreePath(path.filter { $0 != 0 }) ?? .root
        guard let place = place(of: path), let node = tree[place] else {
            return PathExplanation(
                path: asked.absolute, place: nil, kind: nil, target: nil, layer: nil,
                hiddenLayers: [], needs: [], removals: removals(at: asked),
                nearest: tree.nearest(to: asked)?.absolute)
        }
        var target: [UInt8]?
        if case .symlink(let bytes) = node.kind { target = bytes }
        return PathExplanation(
            path: asked.absolute, place: place.absolute, kind: node.kind.noun, target: target,
            layer: provenance.layer(of: place).map(layer),
            hiddenLayers: provenance.hiddenLayers(at: place).map(layer),
            needs: provenance.chain(from: place).map { step in
                switch step.reason {
                case .asked:
                    PathExplanation.Need(path: step.path.absolute, by: nil, how: "")
                case .needed(let by, let how):
                    PathExplanation.Need(path: step.path.absolute, by: by.absolute, how: how)
                }
            },
            removals: provenance.removals(at: place).map(removal), nearest: nil)
    }

    /// The path with links in its directories followed, the last component not: a link is what is
    /// asked about.
    private func place(of path: [UInt8]) -> TreePath? {
        let components = path.split(separator: UInt8(ascii: "/"))
        guard let last = components.last, !last.elementsEqual(".".utf8),
            !last.elementsEqual("..".utf8)
        else {
            guard case .found(let place, _) = tree.resolve(path) else { return nil }
            return place
        }
        let directory = [UInt8](components.dropLast().joined(separator: [UInt8(ascii: "/")]))
        guard case .found(let parent, let node) = tree.resolve(directory), node.isDirectory else {
            return nil
        }
        return parent.appending(last)
    }

    /// At the path, else at the nearest directory above it where something was taken away.
    private func removals(at path: TreePath) -> [PathExplanation.Removal] {
        var place: TreePath? = path
        while let here = place {
            let found = provenance.removals(at: here)
            if !found.isEmpty { return found.map(removal) }
            place = here.parent
        }
        return []
    }

    private func removal(_ removal: Provenance.Removal) -> PathExplanation.Removal {
        PathExplanation.Removal(
            path: removal.path.absolute, layer: layer(removal.layer),
            byLayer: layer(removal.byLayer))
    }

    private func layer(_ index: Int) -> PathExplanation.Layer {
        let layer = provenance.layers[index]
        return PathExplanation.Layer(
            origin: layer.origin.words, detail: layer.detail, typedName: names[index],
            label: layer.label(typed: names[index]))
    }
}

extension TreePath {
    fileprivate var absolute: [UInt8] { [UInt8(ascii: "/")] + bytes }
}
