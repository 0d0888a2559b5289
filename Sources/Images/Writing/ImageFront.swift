internal import BakeContract

/// What must be known of an image's parts to lay them out.
struct ImageFront {
    let kernel: KernelSetup
    let efiStub: EFIStub

    /// More than 255 setup sectors cannot be told (boot.rst, "setup_sects").
    private static let kernelSetupLimitByteCount = 256 * KernelSetup.sectorByteCount

    init(_ image: ImageContents) throws(ImageError) {
        kernel = try KernelSetup(
            front: try image.kernel.prefix(Self.kernelSetupLimitByteCount, of: .kernel),
            kernelByteCount: image.kernel.byteCount)
        efiStub = try EFIStub(image.efiStub)
    }

    func layout(_ image: ImageContents) throws(ImageError) -> ImageLayout {
        try ImageLayout(
            ImageLayout.Lengths(
                kernelSetup: kernel.byteCount,
                peHeaders: PEHeaders.byteCount(
                    stub: efiStub, partCount: ImagePlan.sectionNames.count),
                stub: image.bootStub.count,
                packages: JSONValue.array(image.packages.map(\.json)).compactText.count,
                commandLine: image.commandLine.count + 1, osRelease: image.osRelease.count,
                kernelRelease: image.kernelVersion.utf8.count, provenance: image.provenance.count,
                efiStubSections: efiStub.sections.map(\.content.count),
                kernel: image.kernel.byteCount, kernelInit: kernel.initByteCount,
                kernelAlignment: kernel.alignment, initramfs: image.initramfs.count,
                settings: image.settings.count, blob: image.blob.description.byteCount,
                leavesBlobInPlace: image.leavesBlobInPlace))
    }
}
