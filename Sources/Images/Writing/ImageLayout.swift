internal import BakeContract

/// Where every part of an image goes: lengths in, file offsets out.
///
/// Layout: docs/image-format.md.
struct ImageLayout: Equatable {
    /// Lengths in bytes of what the parts hold.
    struct Lengths: Equatable {
        /// The kernel's setup sectors, and the PE headers behind them.
        var kernelSetup: Int
        var peHeaders: Int
        var stub: Int
        /// What distribution packages take of the manifest.
        var packages: Int
        /// With the NUL behind it.
        var commandLine: Int
        var osRelease: Int
        var kernelRelease: Int
        var provenance: Int
        /// One for each section.
        var efiStubSections: [Int]
        var kernel: Int
        /// RAM the kernel needs to start, and what its place must be a multiple of.
        var kernelInit: Int
        var kernelAlignment: Int
        var initramfs: Int
        var settings: Int
        /// A multiple of 4096.
        var blob: Int
        var leavesBlobInPlace: Bool
    }

    /// In file order.
    let parts: [ImagePart]
    let efiStubOffsets: [Int]
    let fileByteCount: Int
    /// RAM that everything needs together, from where the payload is put.
    let initByteCount: Int

    /// What the manifest may be long, first line and JSON, packages apart: it is laid out before
    /// its numbers are known.
    private static let manifestRoomByteCount = 8192
    static let blobHeaderByteCount = pageByteCount
    static let blobTrailerByteCount = 124
    private static let pageByteCount = 4096
    private static let sectorByteCount = 512
    /// GRUB refuses more than 64 setup sectors (grub-core/loader/i386/linux.c).
    private static let setupLimitByteCount = 0x8000
    /// Where the RAM of a q35 machine has its hole for devices; a ramdisk must end below it too
    /// (boot.rst, "initrd_addr_max").
    static let addressLimit = 1 << 31
    /// libnvdimm maps huge pages only.
    private static let hugePageByteCount = 2 << 20

    init(_ lengths: Lengths) throws(ImageError) {
        precondition(lengths.blob % Self.pageByteCount == 0)
        var cursor = Cursor()
        let headers = lengths.kernelSetup + lengths.peHeaders
        let setup = headers.roundedUp(toMultipleOf: Self.pageByteCount)
        guard setup <= Self.setupLimitByteCount else {
            throw .tooLarge(
                what: "the kernel's setup code", byteCount: setup,
                limitByteCount: Self.setupLimitByteCount)
        }
        cursor.place(.setup, setup)
        cursor.place(.stub, lengths.stub)
        let manifest =
            Self.manifestRoomByteCount
            + lengths.packages.roundedUp(toMultipleOf: Self.pageByteCount)
        cursor.place(.manifest, manifest, alignment: Self.pageByteCount)
        cursor.place(.commandLine, lengths.commandLine)
        cursor.place(.osRelease, lengths.osRelease)
        cursor.place(.kernelRelease, lengths.kernelRelease)
        cursor.place(.provenance, lengths.provenance)
        self.efiStubOffsets = cursor.place(.efiStub, pieces: lengths.efiStubSections)
        cursor.place(.kernel, lengths.kernel, alignment: Self.pageByteCount)
        cursor.place(.initramfs, lengths.initramfs, alignment: Self.pageByteCount)
        cursor.place(.settings, lengths.settings, alignment: Self.pageByteCount)
        cursor.place(.room, ConfigurationRoom.archiveByteCount, alignment: Self.pageByteCount)
        if lengths.leavesBlobInPlace {
            cursor.skip(toBlobMappableAt: SetupHeader.lowestLoadAddress - setup)
        }
        cursor.place(.blobHeader, Self.blobHeaderByteCount, alignment: Self.pageByteCount)
        cursor.place(.blob, lengths.blob, alignment: Self.pageByteCount)
        cursor.place(.blobTrailer, Self.blobTrailerByteCount)
        self.parts = cursor.parts
        self.fileByteCount = cursor.end.roundedUp(toMultipleOf: Self.pageByteCount)

        // The stub moves the blob up by less than a huge page, rounds its end up to one, and
        // aligns the kernel behind it.
        let overhead = 2 * Self.hugePageByteCount + lengths.kernelAlignment + lengths.kernelInit
        self.initByteCount = fileByteCount - setup + overhead
        let limit = Self.addressLimit - SetupHeader.lowestLoadAddress - overhead
        guard payloadByteCount <= limit else {
            throw .tooLarge(
                what: "the image", byteCount: fileByteCount, limitByteCount: limit + setup)
        }
    }

    subscript(_ name: PartName) -> Range<Int> {
        guard let part = parts.first(where: { $0.name == name }) else {
            preconditionFailure("every layout has every part")
        }
        return part.range
    }

    /// Where the payload begins.
    var setupByteCount: Int { self[.setup].upperBound }
    var payloadByteCount: Int { fileByteCount - setupByteCount }

    /// The payload offsets of a part.
    func payloadRange(_ name: PartName) -> Range<Int> {
        self[name].shifted(by: -setupByteCount)
    }

    /// From the start of one part to the end of another, as file offsets.
    func range(from first: PartName, through last: PartName) -> Range<Int> {
        self[first].lowerBound..<self[last].upperBound
    }

    /// Puts one part behind the other.
    private struct Cursor {
        var parts: [ImagePart] = []
        var end = 0

        @discardableResult
        mutating func place(
            _ name: PartName, _ byteCount: Int, alignment: Int = sectorByteCount
        ) -> Int {
            let start = end.roundedUp(toMultipleOf: alignment)
            end = start + byteCount
            parts.append(ImagePart(name: name, range: start..<end))
            return start
        }

        /// A part of several pieces, each at a multiple of 512; returns their offsets.
        mutating func place(_ name: PartName, pieces: [Int]) -> [Int] {
            var offsets: [Int] = []
            let start = end.roundedUp(toMultipleOf: sectorByteCount)
            end = start
            for piece in pieces {
                offsets.append(end)
                end = (end + piece).roundedUp(toMultipleOf: sectorByteCount)
            }
            parts.append(ImagePart(name: name, range: start..<end))
            return offsets
        }

        /// Moves on so that a blob behind one more page is at a huge page's address in memory
        /// when the file's first byte is at `address`.
        mutating func skip(toBlobMappableAt address: Int) {
            let header = end.roundedUp(toMultipleOf: pageByteCount)
            let blob = address + header + blobHeaderByteCount
            end = header + blob.roundedUp(toMultipleOf: hugePageByteCount) - blob
        }
    }
}
