internal import BakeContract

/// How much RAM an image needs to start, for each way to start it.
///
/// docs/image-format.md, *Memory*, says what the terms are and how well they fit what was measured.
struct MemoryFormula: Equatable {
    /// Whether the boot stub may leave the blob where the loader put it. Where not, every way to
    /// start is that of the ramdisk.
    var leavesBlobInPlace: Bool
    /// Where the kernel's room ends when QEMU loads the image, with the blob in place and without.
    var kernelEndInPlace: Int
    var kernelEndRamdisk: Int
    /// Everything in front of the blob, as it was loaded.
    var frontByteCount: Int
    var kernelFileByteCount: Int
    var blobByteCount: Int
    /// From the initramfs to the blob's trailer: as loaded, and as files in the root file system.
    var ramdiskByteCount: Int
    var unpackedRamdiskByteCount: Int
    /// What the guest unpacks from the blob in its turn: a tar's tree.
    var treeByteCount: Int

    private static let megabyte = 1 << 20
    /// The kernel and its tables, before anything is unpacked.
    private static let kernelByteCount = 48 * megabyte
    /// Modules, the guest init, its buffers.
    private static let guestByteCount = 16 * megabyte
    /// What UEFI has for itself while it loads.
    private static let firmwareByteCount = 72 * megabyte
    /// Smaller machines OVMF starts, but loads no kernel on.
    private static let firmwareFloorByteCount = 208 * megabyte

    var needs: Manifest.MemoryNeeds {
        Manifest.MemoryNeeds(
            inPlaceByteCount: rounded(leavesBlobInPlace ? inPlace : ramdisk),
            ramdiskByteCount: rounded(ramdisk),
            uefiByteCount: rounded(
                max(uefiLoading, uefiRunning, Self.firmwareFloorByteCount)))
    }

    /// The blob is there once, and nothing is unpacked but modules.
    private var inPlace: Int {
        max(kernelEndInPlace, blobByteCount + Self.kernelByteCount) + Self.guestByteCount
    }

    private var ramdisk: Int {
        max(kernelEndRamdisk, unpacking) + Self.guestByteCount + tree
    }

    /// The root file system is a tmpfs of at most half of what is free while the ramdisk is still
    /// in memory.
    private var unpacking: Int {
        withPageTables(ramdiskByteCount + 2 * unpackedRamdiskByteCount + Self.kernelByteCount)
    }

    /// The tree, and as much again for what is to be left over where it lies in memory
    /// (docs/guest.md).
    private var tree: Int { 2 * treeByteCount }

    /// The file where the firmware has it, as it was read, and as it was mapped; the kernel a
    /// second time likewise; the ramdisk as the kernel gets it.
    private var uefiLoading: Int {
        3 * (frontByteCount + blobByteCount) + 2 * kernelFileByteCount + ramdiskByteCount
            + Self.firmwareByteCount
    }

    private var uefiRunning: Int { ramdisk + Self.firmwareByteCount }

    /// The kernel has 64 bytes about every page of 4096.
    private func withPageTables(_ byteCount: Int) -> Int { byteCount + byteCount / 64 }

    private func rounded(_ byteCount: Int) -> Int {
        byteCount.roundedUp(toMultipleOf: Self.megabyte)
    }
}

extension MemoryFormula {
    init(image: ImageContents, layout: ImageLayout, kernel: KernelSetup) {
        func kernelEnd(behind end: Int) -> Int {
            max(end.roundedUp(toMultipleOf: kernel.alignment), kernel.preferredAddress)
                + kernel.initByteCount
        }
        let load = SetupHeader.lowestLoadAddress
        let blob = layout.payloadRange(.blob)
        let blobEnd = (load + blob.upperBound).roundedUp(toMultipleOf: SetupHeader.alignment)
        let loaded = layout.range(from: .initramfs, through: .blobTrailer).count
        let initramfs = image.initramfs
        self.init(
            leavesBlobInPlace: image.leavesBlobInPlace,
            kernelEndInPlace: kernelEnd(behind: blobEnd),
            kernelEndRamdisk: kernelEnd(behind: load + layout.payloadByteCount),
            frontByteCount: blob.lowerBound, kernelFileByteCount: layout[.kernel].count,
            blobByteCount: blob.count, ramdiskByteCount: loaded,
            unpackedRamdiskByteCount: loaded - initramfs.count
                + Initramfs.unpackedByteCount(of: initramfs),
            treeByteCount: image.blob.treeByteCount)
    }
}
