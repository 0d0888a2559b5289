internal import BakeContract

extension JSONValue {
    /// An object from literals; the keys are sorted when it is written.
    static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
        .object(members.map { JSONMember(Array($0.key.utf8), $0.value) })
    }
}

extension Console {
    /// The one document of `--json` on stdout.
    static func result(_ value: JSONValue) {
        write(value.sorted.prettyText, to: 1)
    }
}
