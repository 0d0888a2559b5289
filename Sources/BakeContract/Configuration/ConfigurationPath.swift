/// Where a value stands in a JSON document: `net[0].addr`.
public struct ConfigurationPath: Equatable, Sendable {
    public enum Component: Equatable, Sendable {
        case key(Bytes)
        case index(Int)
    }

    public var components: [Component]

    public init(_ components: [Component] = []) {
        self.components = components
    }

    func appending(_ key: Bytes) -> ConfigurationPath {
        ConfigurationPath(components + [.key(key)])
    }

    func appending(_ index: Int) -> ConfigurationPath {
        ConfigurationPath(components + [.index(index)])
    }

    /// The top-level key alone.
    var first: ConfigurationPath { ConfigurationPath(Array(components.prefix(1))) }
}

extension JSONValue {
    /// Whether the path leads to a value here, be it null.
    func holds(_ path: ConfigurationPath) -> Bool {
        var value = self
        for component in path.components {
            switch component {
            case .key(let key):
                guard let member = value[key] else { return false }
                value = member
            case .index(let index):
                guard let elements = value.array, index < elements.count else { return false }
                value = elements[index]
            }
        }
        return true
    }
}

extension ConfigurationPath: CustomStringConvertible {
    public var description: String {
        var text: Bytes = []
        for component in components {
            switch component {
            case .key(let key):
                if !text.isEmpty { text.append(ASCII.dot) }
                text += key
            case .index(let index):
                text += Bytes("[\(index)]")
            }
        }
        return text.printable
    }
}

/// What is wrong in a configuration, and with which value; a text turns it into a line and column.
public struct ConfigurationFault: Error {
    public var path: ConfigurationPath
    /// Whether the key itself is meant, not its value.
    public var isAboutKey: Bool
    public var problem: ConfigurationProblem

    public init(path: ConfigurationPath, isAboutKey: Bool = false, problem: ConfigurationProblem) {
        self.path = path
        self.isAboutKey = isAboutKey
        self.problem = problem
    }
}

extension ConfigurationError {
    /// A fault of a document, at its place in the document's text.
    public init(_ fault: ConfigurationFault, in text: Bytes, file: Bytes) {
        let document = JSONText(text)
        let offset = document.offset(of: fault.path, isKey: fault.isAboutKey) ?? 0
        self.init(file: file, position: document.position(of: offset), problem: fault.problem)
    }
}

extension JSONText {
    /// Where a value, or its key, begins in a text that was parsed before. A path that leads
    /// nowhere ends at the last value on it.
    func offset(of path: ConfigurationPath, isKey: Bool) -> Int? {
        var text = self
        text.offset = 0
        text.skipSpace()
        var found = text.offset
        for index in path.components.indices {
            text.offset = found
            guard let (key, value) = text.enter(path.components[index]) else { return found }
            found = isKey && index == path.components.count - 1 ? key : value
        }
        return found < bytes.count ? found : nil
    }

    /// From the beginning of an array or object to where its element, and its key, begin.
    private mutating func enter(
        _ component: ConfigurationPath.Component
    ) -> (key: Int, value: Int)? {
        do {
            switch component {
            case .key(let key): return try member(key)
            case .index(let index): return try element(index)
            }
        } catch {
            return nil
        }
    }

    private mutating func member(_ wanted: Bytes) throws(JSONFault) -> (key: Int, value: Int)? {
        guard next == ASCII.leftBrace else { return nil }
        offset += 1
        var isFirst = true
        while try hasElement(before: ASCII.rightBrace, isFirst: isFirst) {
            isFirst = false
            let start = offset
            let written = try skipString()
            try expect(ASCII.colon, "':'")
            skipSpace()
            let value = offset
            let key = Bytes(bytes[written])
            let literal = Bytes(bytes[(written.lowerBound - 1)...written.upperBound])
            if key == wanted || (key.contains(ASCII.backslash) && decode(literal) == wanted) {
                return (start, value)
            }
            try skipValue()
        }
        return nil
    }

    private mutating func element(_ wanted: Int) throws(JSONFault) -> (key: Int, value: Int)? {
        guard next == ASCII.leftBracket else { return nil }
        offset += 1
        var index = 0
        while try hasElement(before: ASCII.rightBracket, isFirst: index == 0) {
            if index == wanted { return (offset, offset) }
            try skipValue()
            index += 1
        }
        return nil
    }
}
