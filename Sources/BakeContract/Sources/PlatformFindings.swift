/// What the platform says beside the image, as it was found: by the guest on disks, below /sys and
/// over the network, by the host's commands in the files and flags that stand in for those.
public struct PlatformFindings: Equatable, Sendable {
    /// One of each format at most; ConfigDrive counts below NoCloud.
    public var seeds: [SeedDiskSource] = []
    /// The user data of an EC2 instance.
    public var ec2: Bytes?
    /// The attribute `bake-config` of a GCP instance.
    public var gcp: Bytes?
    /// Structures of SMBIOS type 11, raw.
    public var smbios: [Bytes] = []
    /// The file `opt/io.bake/config` of QEMU's firmware table.
    public var firmwareTable: Bytes?
    /// The value of `rumprun/cfg`.
    public var xenstore: Bytes?
    public var commandLine: Bytes

    public init(commandLine: Bytes) {
        self.commandLine = commandLine
    }
}

extension PlatformFindings {
    /// What was found from sources that the image does not listen to, and that therefore does not
    /// count. (The kernel command line is not among them: settings there that may not count are an
    /// error.)
    public func unheard(by selection: SourceSelection) -> [OverrideSource] {
        var sources: [OverrideSource] = []
        if !seeds.isEmpty { sources.append(.seed) }
        if ec2 != nil { sources.append(.ec2) }
        if gcp != nil { sources.append(.gcp) }
        if !smbios.isEmpty { sources.append(.smbios) }
        if firmwareTable != nil { sources.append(.firmwareTable) }
        if xenstore != nil { sources.append(.xenstore) }
        sources.removeAll { selection.listens(to: $0) }
        return sources
    }

    /// What the sources say that the image listens to, lowest first. The others are not even read,
    /// so that guest and host agree whether or not the guest asked them.
    func settings(
        heardBy selection: SourceSelection
    ) throws(ConfigurationError) -> [SourceSettings] {
        var settings: [SourceSettings] = []
        if selection.listens(to: .seed) {
            for format in SeedDiskSource.Format.allCases {
                for seed in seeds where seed.format == format {
                    settings.append(try seed.settings())
                }
            }
        }
        if let ec2, selection.listens(to: .ec2) {
            settings.append(try EC2Source(userData: ec2).settings())
        }
        if let gcp, selection.listens(to: .gcp) {
            settings.append(try GCPSource(attribute: gcp).settings())
        }
        if !smbios.isEmpty, selection.listens(to: .smbios) {
            settings.append(try SMBIOSSource(structures: smbios).settings())
        }
        if let firmwareTable, selection.listens(to: .firmwareTable) {
            settings.append(try FirmwareTableSource(text: firmwareTable).settings())
        }
        if let xenstore, selection.listens(to: .xenstore) {
            settings.append(try XenstoreSource(text: xenstore).settings())
        }
        settings.append(try CommandLineSource(text: commandLine).settings())
        return settings
    }
}
