import BakeContract
import Foundation
import Images
import SystemPackage
import TestSupport
import Testing

/// What `ImageWriter` wrote, in the reader's eyes. The kernel and the boot stub are made up, the
/// EFI stub is systemd's.
@Suite struct WrittenImageTests {
    let directory: TemporaryDirectory
    let path: FilePath
    let blob: Bytes
    let kernel: Bytes

    init() throws {
        directory = try TemporaryDirectory()
        path = FilePath(directory.path("image"))
        kernel = Self.kernel()
        blob = SyntheticImage.noise(byteCount: 40960, seed: 11)
        try Data(blob).write(to: directory.url("blob"))
        let description = BlobDescription(
            kind: .tar, compression: "lz4", byteCount: blob.count, dataByteCount: 30_000,
            digest: ContentDigest.of(blob), verity: nil)
        var settings = NewcArchive()
        try settings.appendFile("bake/manifest", content: description.guestManifest.encoded)
        let file = try FileDescriptor.open(FilePath(directory.path("blob")), .readOnly)
        defer { try? file.close() }  // only read
        try ImageWriter.write(
            ImageContents(
                bakeVersion: "0", bootStub: Self.bootStub(), efiStub: try Self.efiStub(),
                efiStubVersion: "252", kernel: PartSource(kernel),
                kernelVersion: "6.1.0-test",
                commandLine: Array("quiet".utf8), osRelease: Array("ID=bake\n".utf8),
                provenance: try ImageContents.compressed(provenance: []),
                initramfs: try NewcArchive().finish(), settings: try settings.finish(),
                blob: BlobSource(
                    descriptor: file, path: FilePath(directory.path("blob")),
                    description: description),
                leavesBlobInPlace: false), to: path)
    }

    @Test func itOpensAndIsWhole() throws {
        #expect(try BootImage.verify(path) == [])
        let image = try BootImage(opening: path)
        #expect(try image.commandLine() == Array("quiet".utf8))
        #expect(try image.bakedConfiguration() == nil)
        #expect(throws: ImageError.absent("rumpconfig.json")) {
            try image.range(of: .configuration)
        }
        for (extract, expected) in [
            (Extract.part(.kernel), kernel), (.part(.blob), blob),
            (.blobData, Array(blob[..<30_000])),
        ] {
            try image.extract(extract, to: FilePath(directory.path("out")))
            #expect(try Data(contentsOf: directory.url("out")) == Data(expected))
        }
    }

    @Test func aFlippedBitInAnyPartOrGapIsNamed() throws {
        let image = try BootImage(opening: path)
        let file = try FileDescriptor.open(path, .readWrite)
        defer { try? file.close() }  // the directory goes away with the test
        var end = 0
        for part in image.parts {
            var offsets = [part.range.lowerBound, part.range.lowerBound + part.range.count / 2]
            if part.range.lowerBound > end { offsets.append(part.range.lowerBound - 1) }
            end = part.range.upperBound
            for offset in offsets {
                let found = try damages(in: file, flippingBitAt: offset)
                #expect(found.count == 1, "byte \(offset) of \(part.name)")
                let isInside = part.range.contains(offset)
                if case .padding = found.first?.place {
                    // The manifest fills its room up with zeros that are padding.
                    #expect(!isInside || part.name == .manifest, "byte \(offset)")
                } else {
                    #expect(found.first?.place == .part(part.name), "byte \(offset)")
                }
            }
        }
        #expect(try BootImage.verify(path) == [])
    }

    private func damages(
        in file: FileDescriptor, flippingBitAt offset: Int
    ) throws -> [Damage] {
        let byte = try Data(contentsOf: URL(fileURLWithPath: path.string))[offset]
        try file.writeAll(toAbsoluteOffset: Int64(offset), [byte ^ 4])
        defer { _ = try? file.writeAll(toAbsoluteOffset: Int64(offset), [byte]) }  // seen below
        return try BootImage.verify(path)
    }

    private static func efiStub() throws -> Bytes {
        let path = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
        guard let content = FileManager.default.contents(atPath: path) else {
            throw TestFailure("\(path) is missing: install systemd-boot-efi")
        }
        return Bytes(content)
    }

    private static func bootStub() -> Bytes {
        var stub = SyntheticImage.noise(byteCount: 3000, seed: 12)
        stub.replaceSubrange(0x40..<0xc0, with: repeatElement(0, count: 0x80))
        return stub
    }

    /// The fields of the setup header that say that the kernel is relocatable, 64-bit and how
    /// much memory it needs (Documentation/arch/x86/boot.rst), then noise.
    private static func kernel() -> Bytes {
        var kernel =
            Bytes(repeating: 0, count: 2048) + SyntheticImage.noise(byteCount: 9000, seed: 13)
        func put(_ number: some FixedWidthInteger & UnsignedInteger, _ offset: Int) {
            withUnsafeBytes(of: number.littleEndian) { field in
                kernel.replaceSubrange(offset..<offset + field.count, with: field)
            }
        }
        put(UInt8(3), 0x1f1)
        put(UInt16(0xaa55), 0x1fe)
        put(UInt32(0x5372_6448), 0x202)
        put(UInt16(0x020f), 0x206)
        put(UInt32(0x20_0000), 0x230)
        put(UInt8(1), 0x234)
        put(UInt16(1), 0x236)
        put(UInt32(2047), 0x238)
        put(UInt64(0x100_0000), 0x258)
        put(UInt32(0x80_0000), 0x260)
        return kernel
    }
}
