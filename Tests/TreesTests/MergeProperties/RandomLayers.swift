import TestSupport

/// Layers as chance has them, the same for the same seed. Few names, so that layers meet.
struct RandomLayers {
    struct Shape {
        /// A file may have the name that a directory has in another layer.
        var hasConflicts = true
        var hasDeletions = true
        /// Files that several layers have, as one file of a machine.
        var hasIdentities = true
        /// Directories above others may be missing.
        var hasImplied = true
    }

    private let shape: Shape
    private var state: UInt64
    private var nextByteCount = 1

    init(seed: Int, _ shape: Shape = Shape()) {
        self.shape = shape
        state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 0x1234_5678_9abc_def1
    }

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
    }

    private mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    private static let directoryNames = ["a", "b", "c", "a.b"]
    /// Links have names of their own: no directory ever stands over one.
    private static let linkNames = ["k", "l"]
    private static let fileNames = ["f", "g", "f-"]
    private static let modes: [UInt16] = [0o700, 0o711, 0o750, 0o755, 0o775]

    mutating func layers(_ count: Int) -> [PlainLayer] { (0..<count).map { _ in layer() } }

    mutating func layer() -> PlainLayer {
        var layer = PlainLayer()
        var directories = [""]
        for _ in 0..<below(7) {
            let path = join(pick(directories), pick(Self.directoryNames))
            if !directories.contains(path) { directories.append(path) }
        }
        for path in directories where !shape.hasImplied || chance(70) {
            layer.directories[path] = pick(Self.modes)
        }
        addFiles(to: &layer, directories)
        if shape.hasDeletions { addDeletions(to: &layer, directories) }
        return layer
    }

    private mutating func addFiles(to layer: inout PlainLayer, _ directories: [String]) {
        var taken = Set(directories)
        var identities: Set<UInt64> = []
        for _ in 0..<below(9) {
            var names = Self.linkNames + Self.fileNames + Self.fileNames
            if shape.hasConflicts { names += Self.directoryNames }
            let name = pick(names)
            let path = join(pick(directories), name)
            guard taken.insert(path).inserted else { continue }
            if chance(25), let other = layer.files.indices.last, !isLink(name) {
                // Not for a pipe, whose names GNU tar does not keep together.
                if layer.files[other].kind == .regular {
                    layer.files[other].names.append(path)
                    continue
                }
            }
            var file = file(isLink(name))
            if let identity = file.identity, !identities.insert(identity).inserted {
                file.identity = nil
            }
            file.names = [path]
            layer.files.append(file)
        }
    }

    private func isLink(_ name: String) -> Bool { Self.linkNames.contains(name) }

    private mutating func file(_ isLink: Bool) -> PlainLayer.File {
        if isLink { return PlainLayer.File(kind: .link, mode: 0o777, names: []) }
        if chance(10) { return PlainLayer.File(kind: .fifo, mode: 0o640, names: []) }
        if shape.hasIdentities, chance(20) {
            let identity = UInt64(below(3))
            return PlainLayer.File(
                kind: .regular, byteCount: 10_000 + Int(identity), mode: pick(Self.modes),
                identity: identity, names: [])
        }
        nextByteCount += 1
        return PlainLayer.File(
            kind: .regular, byteCount: nextByteCount, mode: pick(Self.modes), names: [])
    }

    private mutating func addDeletions(to layer: inout PlainLayer, _ directories: [String]) {
        for _ in 0..<below(4) {
            let names = Self.directoryNames + Self.fileNames + Self.linkNames
            let above = chance(50) ? pick(directories) : pick(Self.directoryNames)
            layer.whiteouts.insert(join(above, pick(names)))
        }
        for path in layer.directories.keys.sorted() where !path.isEmpty && chance(15) {
            layer.opaque.insert(path)
        }
    }
}

func join(_ directory: String, _ name: String) -> String {
    directory.isEmpty ? name : "\(directory)/\(name)"
}
