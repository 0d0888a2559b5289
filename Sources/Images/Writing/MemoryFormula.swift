internal import BakeContract

/// How much RAM an image needs to start, for each way to start it.
///
/// docs/image-format.md, *Memory*, says where the terms come from and how they were measured.
struct MemoryFormula {
    /// Where the boot stub lets the kernel's room end, with the blob in place and without.
    var kernelEndInPlace: Int
    var kernelEndRamdisk: Int
    var blobByteCount: Int
    /// From the initramfs to the blob's trailer.
    var ramdiskByteCount: Int
    var payloadByteCount: Int

    /// What kernel and guest init use besides the image, before the program starts.
    static let guestByteCount = 64 << 20
    /// What UEFI keeps for itself.
    static let firmwareByteCount = 128 << 20
    private static let megabyte = 1 << 20

    init(image: ImageContents, layout: ImageLayout, kernel: KernelSetup) {
        func kernelEnd(behind end: Int) -> Int {
            max(end.roundedUp(toMultipleOf: kernel.alignment), kernel.preferredAddress)
                + kernel.initByteCount
        }
        let load = SetupHeader.lowestLoadAddress
        let blobEnd = load + layout.payloadRange(.blob).upperBound
        self.kernelEndInPlace = kernelEnd(
            behind: blobEnd.roundedUp(toMultipleOf: SetupHeader.alignment))
        self.kernelEndRamdisk = kernelEnd(behind: load + layout.payloadByteCount)
        self.blobByteCount = layout[.blob].count
        self.ramdiskByteCount = layout.range(from: .initramfs, through: .blobTrailer).count
        self.payloadByteCount = layout.payloadByteCount
    }

    var needs: Manifest.MemoryNeeds {
        Manifest.MemoryNeeds(
            inPlaceByteCount: rounded(inPlace), ramdiskByteCount: rounded(ramdisk),
            uefiByteCount: rounded(uefi))
    }

    private var inPlace: Int {
        max(kernelEndInPlace, blobByteCount + Self.guestByteCount)
    }

    private var ramdisk: Int {
        max(
            kernelEndRamdisk, ramdiskByteCount + blobByteCount + Self.guestByteCount,
            2 * blobByteCount)
    }

    private var uefi: Int {
        Self.firmwareByteCount + 3 * payloadByteCount + Self.guestByteCount
    }

    private func rounded(_ byteCount: Int) -> Int {
        byteCount.roundedUp(toMultipleOf: Self.megabyte)
    }
}
