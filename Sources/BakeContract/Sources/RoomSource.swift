/// The configuration room of an image: the JSON merge patch of its valid slot, which `bake set`
/// writes. docs/image-format.md, *Initramfs, settings, room, blob*.
public struct RoomSource: ConfigurationSource {
    public var text: Bytes

    public init(text: Bytes) {
        self.text = text
    }

    public func settings() throws(ConfigurationError) -> SourceSettings {
        try JSONFileSource(kind: .room, file: Bytes("configuration room"), text: text).settings()
    }
}
