/// Xenstore: the value of `rumprun/cfg` below the domain's own directory, where rumprun's launcher
/// writes it. One configuration.
///
/// The value is read through /dev/xen/xenbus by `XenstoreMessage`.
public struct XenstoreSource: ConfigurationSource {
    public var text: Bytes

    /// Relative to /local/domain/ID, as a guest may ask.
    public static let key: StaticString = "rumprun/cfg"

    public init(text: Bytes) {
        self.text = text
    }

    public func settings() throws(ConfigurationError) -> SourceSettings {
        var settings = SourceSettings(
            kind: .xenstore, file: Bytes("Xenstore rumprun/cfg"), text: text)
        try settings.addDocument(0..<text.count)
        return settings
    }
}
