/// EC2: the instance's user data, fetched by `MetadataExchange`. Whatever is not ours is left alone.
public struct EC2Source: ConfigurationSource {
    public var userData: Bytes

    public init(userData: Bytes) {
        self.userData = userData
    }

    public func settings() throws(ConfigurationError) -> SourceSettings {
        let file = Bytes("EC2 user data")
        var settings = SourceSettings(kind: .ec2, file: file, text: userData)
        try settings.addUserData(SourceText(file: file, text: userData))
        return settings
    }
}
