import BakeContract

/// QEMU's `-fw_cfg name=opt/io.bake/config,...`. Its driver is loaded with the others; without one,
/// and outside QEMU, there is no such file.
struct FirmwareTable: SourceFinder {
    static let source = OverrideSource.firmwareTable

    func find<System: GuestSystem>(
        on system: System, into findings: inout PlatformFindings
    ) throws(SourceError) {
        findings.firmwareTable = try system.sourceText(FirmwareTableSource.path.bytes)
    }
}
