import BakeContract
import Testing

@testable import Images

@Suite struct ImageLayoutTests {
    static let lengths = ImageLayout.Lengths(
        kernelSetup: 0x4000, peHeaders: 700, stub: 12_848, packages: 2, commandLine: 14,
        osRelease: 33, kernelRelease: 20, provenance: 300, efiStubSections: [49_136, 12, 13_496],
        kernel: 14_186_432,
        kernelInit: 0x300_0000, kernelAlignment: 0x20_0000, initramfs: 600_001, settings: 900,
        blob: 4096 * 1000, leavesBlobInPlace: true)

    @Test(arguments: [true, false])
    func partsFollowOneAnotherInOrder(leavesBlobInPlace: Bool) throws {
        var lengths = Self.lengths
        lengths.leavesBlobInPlace = leavesBlobInPlace
        let layout = try ImageLayout(lengths)
        #expect(layout.parts.map(\.name) == PartName.allCases)
        #expect(layout.parts[0].range.lowerBound == 0)
        for (part, next) in zip(layout.parts, layout.parts.dropFirst()) {
            #expect(part.range.upperBound <= next.range.lowerBound)
        }
        #expect(layout.parts.allSatisfy { $0.range.lowerBound % 512 == 0 })
        let pages: [PartName] = [
            .stub, .manifest, .kernel, .initramfs, .settings, .room, .blobHeader, .blob,
        ]
        for name in pages {
            #expect(layout[name].lowerBound % 4096 == 0, "\(name)")
        }
        #expect(layout[.blobHeader].upperBound == layout[.blob].lowerBound)
        #expect(layout[.blob].upperBound == layout[.blobTrailer].lowerBound)
        #expect(layout.fileByteCount % 4096 == 0)
        #expect(layout.fileByteCount - layout[.blobTrailer].upperBound < 4096)
    }

    @Test(arguments: [900, 4096, 1_000_000, 2_097_000, 2_097_152, 3_333_333])
    func aBlobLoadedAtOneMegabyteIsAtAHugePage(settings: Int) throws {
        var lengths = Self.lengths
        lengths.settings = settings
        let layout = try ImageLayout(lengths)
        #expect((0x10_0000 + layout.payloadRange(.blob).lowerBound) % 0x20_0000 == 0)
        let gap = layout[.blobHeader].lowerBound - layout[.room].upperBound
        #expect(gap < 0x20_0000)
    }

    @Test func aBlobThatIsUnpackedComesRightBehindTheRoom() throws {
        var lengths = Self.lengths
        lengths.leavesBlobInPlace = false
        let layout = try ImageLayout(lengths)
        #expect(layout[.blobHeader].lowerBound == layout[.room].upperBound)
    }

    @Test func initSizeHoldsEveryPlaceTheStubMayChoose() throws {
        let layout = try ImageLayout(Self.lengths)
        for load in [0x10_0000, 0x100_0000, 0x180_0000, 0x7fe0_0000] {
            let blob = (load + layout.payloadRange(.blob).lowerBound)
                .roundedUp(toMultipleOf: 0x20_0000)
            let blobEnd = (blob + layout[.blob].count).roundedUp(toMultipleOf: 0x20_0000)
            let kernel = blobEnd.roundedUp(toMultipleOf: Self.lengths.kernelAlignment)
            #expect(kernel + Self.lengths.kernelInit <= load + layout.initByteCount)
        }
    }

    @Test func efiStubSectionsAreAlignedForTheFile() throws {
        let layout = try ImageLayout(Self.lengths)
        let start = layout[.efiStub].lowerBound
        #expect(layout.efiStubOffsets == [start, start + 0xc000, start + 0xc200])
        #expect(layout[.efiStub].count == 0xc200 + 0x3600)
    }

    @Test func refusesWhatNoLoaderTakes() {
        var large = Self.lengths
        large.blob = 2_000 << 20
        #expect(throws: ImageError.self) { try ImageLayout(large) }
        large.blob = (2 << 30) + 4096
        do {
            _ = try ImageLayout(large)
            Issue.record("a blob of more than 2 GiB was laid out")
        } catch {
            guard case .tooLarge("the image", let byteCount, let limit) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(byteCount > limit)
            #expect(limit < 2 << 30)
        }
        var fits = Self.lengths
        fits.blob = 1_900 << 20
        #expect(throws: Never.self) { try ImageLayout(fits) }
    }

    @Test func refusesSetupCodeThatGRUBWouldNot() {
        var long = Self.lengths
        long.kernelSetup = 0x8000
        #expect(
            throws: ImageError.tooLarge(
                what: "the kernel's setup code", byteCount: 0x9000, limitByteCount: 0x8000)
        ) { try ImageLayout(long) }
    }
}
