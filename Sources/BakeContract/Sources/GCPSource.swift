/// Google Compute Engine: the instance's attribute `bake-config`, fetched by `MetadataExchange`.
/// The attribute is ours by its name, so all of it is one configuration.
public struct GCPSource: ConfigurationSource {
    public var attribute: Bytes

    public init(attribute: Bytes) {
        self.attribute = attribute
    }

    public func settings() throws(ConfigurationError) -> SourceSettings {
        var settings = SourceSettings(
            kind: .gcp, file: Bytes("GCP attribute bake-config"), text: attribute)
        try settings.addDocument(0..<attribute.count)
        return settings
    }
}
