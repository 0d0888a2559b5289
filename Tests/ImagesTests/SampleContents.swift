import BakeContract
import Foundation
import Images
import SystemPackage
import TestSupport

/// Contents of an image that would not boot but has everything in it. The blob's file lives as
/// long as the value.
struct SampleContents {
    let directory: TemporaryDirectory
    let blobBytes: Bytes
    var contents: ImageContents

    /// Package systemd-boot-efi; `make` takes it from the same place.
    static let efiStubPath = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
    static let kernel = FakeKernel(setupSectorCount: 39).bytes
    static let provenance = Array("bake-provenance 1\nlayer tree 1\n".utf8)
    static let commandLine = Array("console=ttyS0 quiet".utf8)

    init() throws {
        try self.init(blob: SyntheticImage.noise(byteCount: 4096 * 20, seed: 9))
    }

    /// For large ones, where noise would take its time.
    init(zeroBlobByteCount: Int) throws {
        try self.init(blob: Bytes(repeating: 0, count: zeroBlobByteCount))
    }

    private init(blob bytes: Bytes) throws {
        let blobByteCount = bytes.count
        directory = try TemporaryDirectory()
        blobBytes = bytes
        try Data(blobBytes).write(to: directory.url("blob"))
        let blob = BlobDescription(
            kind: .tar, compression: "lz4", byteCount: blobByteCount,
            dataByteCount: blobByteCount, digest: ContentDigest.of(blobBytes), verity: nil)
        var stub = SyntheticImage.noise(byteCount: 10_000, seed: 8)
        stub.replaceSubrange(0x40..<0xc0, with: repeatElement(0, count: 0x80))
        contents = ImageContents(
            bakeVersion: "0.1", bootStub: stub,
            efiStub: Array(try Data(contentsOf: URL(fileURLWithPath: Self.efiStubPath))),
            efiStubVersion: "252.39-1", kernel: PartSource(Self.kernel),
            kernelVersion: "6.1.0-test", commandLine: Self.commandLine,
            osRelease: Array("ID=bake\n".utf8),
            provenance: try ImageContents.compressed(provenance: Self.provenance),
            initramfs: try Initramfs.archive(
                initProgram: SyntheticImage.noise(byteCount: 5000, seed: 7),
                modules: .init(atStart: [.init(name: "loop.ko", content: [1, 2, 3])]),
                compression: .zstd),
            settings: try Initramfs.settings(
                guestManifest: blob.guestManifest, configuration: SyntheticImage.configuration),
            blob: BlobSource(
                descriptor: try FileDescriptor.open(directory.path("blob"), .readOnly),
                path: FilePath(directory.path("blob")), description: blob),
            leavesBlobInPlace: true)
    }
}
