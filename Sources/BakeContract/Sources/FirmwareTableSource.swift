/// QEMU's firmware table: what `-fw_cfg name=opt/io.bake/config,file=F` (or `string=`) hands over,
/// byte for byte. One configuration; an empty one is a mistake and told as one.
///
/// Linux: `CONFIG_FW_CFG_SYSFS`, Documentation/ABI/testing/sysfs-firmware-qemu_fw_cfg.
public struct FirmwareTableSource: ConfigurationSource {
    public var text: Bytes

    /// Where the kernel's driver shows it.
    public static let path = "/sys/firmware/qemu_fw_cfg/by_name/opt/io.bake/config/raw"

    public init(text: Bytes) {
        self.text = text
    }

    public func settings() throws(ConfigurationError) -> SourceSettings {
        var settings = SourceSettings(
            kind: .firmwareTable, file: Bytes("fw_cfg opt/io.bake/config"), text: text)
        try settings.addDocument(0..<text.count)
        return settings
    }
}
