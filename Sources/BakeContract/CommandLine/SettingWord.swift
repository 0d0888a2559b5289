/// The key of a setting written as `KEY=VALUE`: `bake.KEY=VALUE` on a kernel command line,
/// `bake set IMAGE KEY=VALUE`, `bake run --set KEY=VALUE`.
public struct SettingWord: Equatable, Sendable {
    /// From the top-level key down.
    private let names: [Bytes]

    /// `a.b.c` leads into objects. The keys whose own names hold dots or slashes (variables,
    /// sysctls, limits, files) take the whole rest as one name. Nil where a name is empty.
    public init?(key: Bytes) {
        let isMap =
            key.starts(with: "env.") || key.starts(with: "sysctl.")
            || key.starts(with: "limits.") || key.starts(with: "files.")
        var names: [Bytes] = []
        for name in key.split(
            separator: ASCII.dot, maxSplits: isMap ? 1 : .max, omittingEmptySubsequences: false)
        {
            names.append(Bytes(name))
        }
        guard names.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.names = names
    }

    /// The merge patch that takes the key away.
    public var removal: JSONValue { patch(to: .null) }

    /// The merge patch of `KEY=VALUE`. `null` takes the key away. Keys that hold text take every
    /// other value as it stands; the rest is JSON where it is JSON, else text.
    public func patch(to value: Bytes) throws(JSONFault) -> JSONValue {
        if value.equals("null") { return removal }
        if holdsText { return patch(to: .bytes(value)) }
        do throws(JSONFault) {
            return patch(to: try JSONValue.parse(value, limits: .configuration))
        } catch {
            // What begins like JSON was meant as JSON.
            guard value.first == ASCII.leftBrace || value.first == ASCII.leftBracket else {
                return patch(to: .bytes(value))
            }
            throw error
        }
    }

    private func patch(to value: JSONValue) -> JSONValue {
        var patch = value
        for name in names.reversed() { patch = .object([JSONMember(name, patch)]) }
        return patch
    }

    private var holdsText: Bool {
        guard let key = names.first else { return false }
        let maps: [StaticString] = ["env", "sysctl", "files"]
        if names.count > 1 { return maps.contains { key.equals($0) } }
        let texts: [StaticString] = ["hostname", "cmdline", "init", "root", "verify", "on_exit"]
        return texts.contains { key.equals($0) }
    }
}
