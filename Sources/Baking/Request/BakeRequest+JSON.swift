public import BakeContract

// bake.json: a request as text, checked in beside the program. docs/bake-json.md describes it and
// docs/bake.schema.json says it to editors.
extension BakeRequest {
    /// The file that is read where no flag names a tree.
    public static let fileName = "bake.json"

    /// Reads a request.
    ///
    /// - Parameter file: the file's path; messages call it that, and relative paths in it are
    ///   relative to its directory.
    public init(json text: Bytes, file: String) throws(BakeError) {
        do throws(ConfigurationError) {
            let name = Bytes(file.utf8)
            let document = JSONNode(document: try JSONValue.parse(text, file: name))
            do throws(ConfigurationFault) {
                self = try Self.decode(document)
            } catch {
                throw ConfigurationError(error, in: text, file: name)
            }
        } catch {
            throw BakeError(.malformedInput, error.description)
        }
        let directory = RequestDirectory(of: file)
        changePaths { directory.path(to: $0) }
    }

    /// What differs from a request that says nothing: `init(json:file:)` makes the same of it.
    public func json() -> JSONValue {
        var members: [JSONMember] = []
        for key in RequestKey.all {
            guard let value = key.write(self) else { continue }
            members.append(JSONMember(Bytes(key.name.description.utf8), value))
        }
        return .object(members)
    }

    private static func decode(_ document: JSONNode) throws(ConfigurationFault) -> BakeRequest {
        guard document.value.members != nil else {
            throw ConfigurationFault(
                path: document.path, problem: .json(.expected("a JSON object: { ... }")))
        }
        let keys = RequestKey.all
        try document.refuseUnknownKeys(keys.map(\.name))
        try document.refuseNulls()
        var request = BakeRequest()
        for key in keys {
            if let node = document[key.name] { try key.read(&request, node) }
        }
        return request
    }
}
