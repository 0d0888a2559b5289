internal import BakeContract
public import SystemPackage

extension BootImage {
    /// Writes a disk that UEFI firmware starts the image from: GPT, one EFI system partition,
    /// the image in it as EFI/BOOT/BOOTX64.EFI. The same image gives the same bytes.
    ///
    /// The FAT is made by mtools; where they are missing the error names the package. The disk
    /// appears complete or not at all.
    public func exportDisk(to path: FilePath) async throws(ImageError) {
        let digest = try file.digest(of: 0..<byteCount, part: .setup)
        let layout = DiskLayout(imageByteCount: byteCount, digest: digest)
        let disk = try OutputFile(replacing: path)
        try disk.resize(toByteCount: layout.diskByteCount)
        try disk.write(layout.table.primary, at: 0)
        let backup = layout.table.backup
        try disk.write(backup, at: layout.diskByteCount - backup.count)

        let volume = FATVolume(in: disk.descriptor, atByteOffset: DiskLayout.partitionOffset)
        try await volume.format(layout)
        try await volume.makeDirectories(["/EFI", "/EFI/BOOT"])
        try await volume.copy(file.descriptor, to: "/EFI/BOOT/BOOTX64.EFI")
        try disk.finish()
    }
}
