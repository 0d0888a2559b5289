import BakeContract

/// `qemu -smbios type=11,value=io.bake.config=...`, and what clouds write into the same place. The
/// whole table is read: the kernel has it wherever it knows DMI, with or without `CONFIG_DMI_SYSFS`.
struct SMBIOSStrings: SourceFinder {
    static let source = OverrideSource.smbios
    static let path = "/sys/firmware/dmi/tables/DMI"

    func find<System: GuestSystem>(
        on system: System, into findings: inout PlatformFindings
    ) throws(SourceError) {
        guard let table = try system.sourceText(Self.path.bytes) else { return }
        findings.smbios = SMBIOSTable(bytes: table).oemStrings
    }
}
