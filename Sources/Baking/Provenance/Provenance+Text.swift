internal import Trees

// Lines of fields between tabs; docs/image-format.md, *Provenance*.
extension Provenance {
    private static let firstLine = "bake-provenance 1"
    private static let tab = UInt8(ascii: "\t")
    private static let newline = UInt8(ascii: "\n")

    /// A text that is no provenance, or one of another version.
    struct Flaw: Error, Equatable {
        /// Counted from 1.
        let line: Int
    }

    var text: Bytes {
        var text = Bytes((Self.firstLine + "\n").utf8)
        func line(_ fields: Bytes...) {
            text += fields.joined(separator: [Self.tab])
            text.append(Self.newline)
        }
        func word(_ word: String) -> Bytes { Bytes(word.utf8) }
        for layer in layers {
            line(word("layer"), word(layer.origin.words), Bytes(layer.detail.utf8).escaped)
        }
        for run in runs {
            line(word("from"), word(run.layer.map(String.init) ?? "-"), run.first.field)
        }
        for hidden in hidden {
            let numbers = hidden.layers.map(String.init).joined(separator: ",")
            line(word("hides"), word(numbers), hidden.path.field)
        }
        for removal in removals {
            line(
                word("removed"), word("\(removal.layer)"), word("\(removal.byLayer)"),
                removal.path.field)
        }
        for explained in reasons {
            switch explained.reason {
            case .asked: line(word("asked"), explained.path.field)
            case .needed(let by, let how):
                line(word("needed"), explained.path.field, by.field, Bytes(how.utf8).escaped)
            }
        }
        return text
    }

    /// Reads a text anybody wrote. Every layer a line names exists afterwards, and paths ascend.
    init(decoding text: Bytes) throws(Flaw) {
        let lines = text.split(separator: Self.newline, omittingEmptySubsequences: false)
        guard lines.first?.elementsEqual(Self.firstLine.utf8) ?? false else {
            throw Flaw(line: 1)
        }
        guard lines.last!.isEmpty else { throw Flaw(line: lines.count) }
        for (index, line) in lines.enumerated().dropFirst().dropLast() {
            let fields = line.split(separator: Self.tab, omittingEmptySubsequences: false)
            guard read(fields.map { Bytes($0) }) else { throw Flaw(line: index + 1) }
        }
    }

    /// Whether the line means something.
    private mutating func read(_ fields: [Bytes]) -> Bool {
        switch (String(decoding: fields[0], as: UTF8.self), fields.count) {
        case ("layer", 3):
            guard let origin = LayerOrigin(words: String(decoding: fields[1], as: UTF8.self)),
                let detail = fields[2].unescaped
            else { return false }
            layers.append(Layer(origin, detail: String(decoding: detail, as: UTF8.self)))
        case ("from", 3):
            guard let first = TreePath(field: fields[2]),
                first > runs.last?.first ?? .root
                    || runs.isEmpty
            else { return false }
            let isNobody = fields[1] == [UInt8(ascii: "-")]
            let layer = isNobody ? nil : layerNumber(fields[1])
            guard isNobody || layer != nil else { return false }
            runs.append(Run(first: first, layer: layer))
        case ("hides", 3):
            let numbers = fields[1].split(separator: UInt8(ascii: ",")).map { layerNumber($0) }
            guard let path = TreePath(field: fields[2]), !numbers.isEmpty, !numbers.contains(nil),
                hidden.last.map({ $0.path < path }) ?? true
            else { return false }
            hidden.append(Hidden(path: path, layers: numbers.compactMap { $0 }))
        case ("removed", 4):
            guard let path = TreePath(field: fields[3]), let layer = layerNumber(fields[1]),
                let byLayer = layerNumber(fields[2]),
                removals.last.map({ $0.path <= path }) ?? true
            else { return false }
            removals.append(Removal(path: path, layer: layer, byLayer: byLayer))
        case ("asked", 2):
            guard let path = TreePath(field: fields[1]) else { return false }
            return append(Explained(path: path, reason: .asked))
        case ("needed", 4):
            guard let path = TreePath(field: fields[1]), let by = TreePath(field: fields[2]),
                let how = fields[3].unescaped
            else { return false }
            let text = String(decoding: how, as: UTF8.self)
            return append(Explained(path: path, reason: .needed(by: by, how: text)))
        default: return false
        }
        return true
    }

    private mutating func append(_ explained: Explained) -> Bool {
        guard reasons.last.map({ $0.path < explained.path }) ?? true else { return false }
        reasons.append(explained)
        return true
    }

    private func layerNumber(_ digits: some Collection<UInt8>) -> Int? {
        guard let number = Int(String(decoding: digits, as: UTF8.self)),
            layers.indices.contains(number)
        else { return nil }
        return number
    }
}

extension TreePath {
    fileprivate var field: Bytes { [UInt8(ascii: "/")] + bytes.escaped }

    /// Nil for what is not as `field` writes it.
    fileprivate init?(field: Bytes) {
        guard let bytes = field.unescaped, let path = TreePath(bytes), path.field == field else {
            return nil
        }
        self = path
    }
}

extension Bytes {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Control bytes and backslashes as `\xNN`, all others as they are.
    var escaped: Bytes {
        var escaped = Bytes()
        escaped.reserveCapacity(count)
        for byte in self {
            if byte < 0x20 || byte == 0x7f || byte == UInt8(ascii: "\\") {
                escaped += [
                    UInt8(ascii: "\\"), UInt8(ascii: "x"), Self.digits[Int(byte >> 4)],
                    Self.digits[Int(byte & 15)],
                ]
            } else {
                escaped.append(byte)
            }
        }
        return escaped
    }

    /// What `escaped` made, or `String(printable:)`; nil where a backslash begins something else.
    var unescaped: Bytes? {
        var unescaped = Bytes()
        unescaped.reserveCapacity(count)
        var rest = self[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "\\") {
                unescaped.append(byte)
                continue
            }
            if rest.first == UInt8(ascii: "\\") {
                unescaped.append(rest.removeFirst())
                continue
            }
            guard rest.popFirst() == UInt8(ascii: "x"),
                let high = rest.popFirst().flatMap(Self.digits.firstIndex(of:)),
                let low = rest.popFirst().flatMap(Self.digits.firstIndex(of:))
            else { return nil }
            unescaped.append(UInt8(high << 4 | low))
        }
        return unescaped
    }
}
