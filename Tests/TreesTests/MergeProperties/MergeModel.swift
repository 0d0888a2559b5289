import Trees

/// Laying layers over each other as the documentation has it, the slow and obvious way: a dictionary
/// of paths. It follows no links; layers for it have none where another has a directory.
struct MergeModel {
    private enum Item {
        case directory(mode: UInt16)
        case file(key: String)
    }

    /// Later wins where a directory meets something else; else that is the end.
    let replaces: Bool
    private(set) var hasConflict = false
    private var items: [String: Item] = ["": .directory(mode: impliedMode)]
    private var files: [String: PlainLayer.File] = [:]
    private var layerCount = 0

    static let impliedMode: UInt16 = 0o755

    init(_ layers: [PlainLayer], replaces: Bool) {
        self.replaces = replaces
        for layer in layers { lay(layer) }
    }

    private mutating func lay(_ layer: PlainLayer) {
        for path in layer.whiteouts {
            items[path] = nil
            empty(path)
        }
        for path in layer.opaque { empty(path) }
        for (path, mode) in layer.directories.sorted(by: { $0.key < $1.key }) {
            makeRoom(above: path)
            put(.directory(mode: mode), at: path)
        }
        for (index, file) in layer.files.enumerated() {
            let key = file.identity.map { "machine \($0)" } ?? "layer \(layerCount) \(index)"
            files[key] = file
            for name in file.names {
                makeRoom(above: name)
                put(.file(key: key), at: name)
            }
        }
        layerCount += 1
    }

    private mutating func empty(_ directory: String) {
        items = items.filter { !$0.key.hasPrefix(directory.isEmpty ? "" : directory + "/") }
        if directory.isEmpty { items[""] = .directory(mode: Self.impliedMode) }
    }

    private mutating func makeRoom(above path: String) {
        let names = path.split(separator: "/")
        for count in names.indices {
            let above = names.prefix(count).joined(separator: "/")
            if case .directory = items[above] { continue }
            put(.directory(mode: Self.impliedMode), at: above)
        }
    }

    private mutating func put(_ item: Item, at path: String) {
        switch (items[path], item) {
        case (.file, .directory): hasConflict = true
        case (.directory, .file):
            hasConflict = true
            empty(path)
        default: break
        }
        items[path] = item
    }

    var picture: Picture {
        var names: [String: [String]] = [:]
        for (path, item) in items {
            if case .file(let key) = item { names[key, default: []].append(path) }
        }
        return items.mapValues { item in
            switch item {
            case .directory(let mode): MergedTree.line("a directory", 0, mode, [])
            case .file(let key):
                MergedTree.line(
                    files[key]!.noun, UInt64(files[key]!.byteCount), files[key]!.mode, names[key]!)
            }
        }
    }
}

extension PlainLayer.File {
    fileprivate var noun: String {
        switch kind {
        case .regular: "a file"
        case .link: "a symbolic link"
        case .fifo: "a named pipe"
        }
    }
}
