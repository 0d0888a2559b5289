/// rumpconfig.json, baked into the image or about to be: one JSON object, or rumprun's dialect.
public struct JSONFileSource: ConfigurationSource, Sendable {
    public var kind: SourceKind
    /// The user's own spelling of its path.
    public var file: Bytes
    public var text: Bytes

    public init(kind: SourceKind, file: Bytes, text: Bytes) {
        self.kind = kind
        self.file = file
        self.text = text
    }

    /// The baked configuration of an image, as the guest has it.
    public static func baked(_ text: Bytes) -> JSONFileSource {
        JSONFileSource(kind: .baked, file: Bytes("rumpconfig.json"), text: text)
    }

    public func settings() throws(ConfigurationError) -> SourceSettings {
        var settings = SourceSettings(kind: kind, file: file, text: text)
        try settings.addDocument(0..<text.count)
        return settings
    }
}
