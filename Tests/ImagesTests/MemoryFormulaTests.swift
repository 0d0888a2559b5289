import BakeContract
import Testing

@testable import Images

@Suite struct MemoryFormulaTests {
    /// What was measured, docs/image-format.md, *Memory*: images with a blob of so many megabytes,
    /// and the smallest machines that started them. A number below would be a lie, one far above
    /// would turn away machines that do.
    @Test(arguments: [
        Measured(blob: 5, front: 17, kernelEnds: (76, 78), inPlace: 80, ramdisk: 84, uefi: 200),
        Measured(
            blob: 60, front: 17, kernelEnds: (132, 134), inPlace: 138, ramdisk: 238, uefi: 379),
        Measured(
            blob: 300, front: 17, kernelEnds: (372, 374), inPlace: 380, ramdisk: 975, uefi: 1346),
    ])
    func saysWhatIsNeededAndLittleMore(measured: Measured) {
        let needs = measured.formula.needs
        for (says, needed) in [
            (needs.inPlaceByteCount, measured.inPlace),
            (needs.ramdiskByteCount, measured.ramdisk),
            (needs.uefiByteCount, measured.uefi),
        ] where needed != 0 {
            let megabytes = says >> 20
            #expect(megabytes >= needed)
            #expect(megabytes <= needed * 110 / 100 + 8)
        }
    }

    @Test func aTreeThatIsUnpackedCountsTwice() {
        var formula = Measured(
            blob: 60, front: 17, kernelEnds: (132, 134), inPlace: 0, ramdisk: 0, uefi: 0
        ).formula
        let without = formula.needs
        formula.leavesBlobInPlace = false
        formula.treeByteCount = 100 << 20
        #expect(formula.needs.ramdiskByteCount - without.ramdiskByteCount == 200 << 20)
        // Every way to start is that of the ramdisk.
        #expect(formula.needs.inPlaceByteCount == formula.needs.ramdiskByteCount)
    }

    @Test func whatTheInitramfsUnpacksToIsRead() throws {
        let plain = try Initramfs.archive(
            initProgram: [1], modules: .init(atStart: []), compression: .none)
        let small = try Initramfs.archive(
            initProgram: [1], modules: .init(atStart: []), compression: .zstd)
        #expect(Initramfs.unpackedByteCount(of: small) == plain.count)
        #expect(Initramfs.unpackedByteCount(of: plain) == plain.count)
    }
}

/// Megabytes.
struct Measured: Sendable {
    let blob: Int
    let front: Int
    let kernelEnds: (inPlace: Int, ramdisk: Int)
    let inPlace: Int
    let ramdisk: Int
    let uefi: Int

    var formula: MemoryFormula {
        let megabyte = 1 << 20
        return MemoryFormula(
            leavesBlobInPlace: true, kernelEndInPlace: kernelEnds.inPlace * megabyte,
            kernelEndRamdisk: kernelEnds.ramdisk * megabyte, frontByteCount: front * megabyte,
            kernelFileByteCount: 14 * megabyte, blobByteCount: blob * megabyte,
            ramdiskByteCount: (blob + 2) * megabyte,
            unpackedRamdiskByteCount: (blob + 3) * megabyte, treeByteCount: 0)
    }
}
