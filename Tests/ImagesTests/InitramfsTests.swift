import BakeContract
import Foundation
import Images
import TestSupport
import Testing

@Suite struct InitramfsTests {
    let modules = Initramfs.Modules(
        files: [
            .init(name: "virtio.ko", content: Array("first".utf8)),
            .init(name: "loop.ko", content: Array("second".utf8)),
            .init(name: "fat.ko", content: Array("third".utf8)),
        ],
        startCount: 2,
        drivers: [
            .init(fileSystem: "msdos", modules: ["fat.ko", "msdos.ko"]),
            .init(fileSystem: "vfat", modules: ["fat.ko"]),
        ])

    /// cpio(1) reads it, whichever way it is compressed.
    @Test(arguments: [Initramfs.Compression.none, .zstd])
    func cpioReadsTheMembers(compression: Initramfs.Compression) throws {
        let directory = try TemporaryDirectory()
        try Data(try archive(compression)).write(to: directory.url("archive"))
        let unpack = compression == .none ? "cat" : "zstd -dc"
        let listing = try runProcess(
            ["sh", "-c", "\(unpack) < archive | cpio -tvn --quiet"], in: directory.path)
        #expect(listing.status == 0, "\(listing.stderrText)")
        let members = listing.stdoutText.split(separator: "\n").map { line in
            line.split(separator: " ").filter { !["Jan", "1970"].contains($0) }
        }
        #expect(
            members.map { $0[0] } == [
                "-rwxr-xr-x", "drwxr-xr-x", "drwxr-xr-x", "-rw-r--r--", "-rw-r--r--", "-rw-r--r--",
                "-rw-r--r--", "-rw-r--r--", "drwxr-xr-x", "crw-------",
            ])
        #expect(
            members.compactMap(\.last) == [
                "init", "bake", "bake/modules", "bake/modules/virtio.ko", "bake/modules/loop.ko",
                "bake/modules/fat.ko", "bake/modules/order", "bake/modules/on-demand", "dev",
                "dev/console",
            ])
        #expect(members.allSatisfy { $0[2] == "0" && $0[3] == "0" })
    }

    @Test func modulesKeepTheirOrder() throws {
        let bytes = try archive(.none)
        let members = try NewcArchive.members(in: bytes, of: .initramfs)
        let order = try #require(
            members.first { $0.header.name == Array("bake/modules/order".utf8) })
        #expect(Array(bytes[order.content]) == Array("virtio.ko\nloop.ko\n".utf8))
        let onDemand = try #require(
            members.first { $0.header.name == Array("bake/modules/on-demand".utf8) })
        #expect(
            Array(bytes[onDemand.content]) == Array("msdos fat.ko msdos.ko\nvfat fat.ko\n".utf8))
        let console = try #require(members.last)
        #expect(console.header.deviceMajor == 5)
        #expect(console.header.deviceMinor == 1)
    }

    @Test func compressionIsRepeatable() throws {
        #expect(try archive(.zstd) == archive(.zstd))
        #expect(try archive(.zstd).starts(with: [0x28, 0xb5, 0x2f, 0xfd]))
    }

    private func archive(_ compression: Initramfs.Compression) throws -> Bytes {
        try Initramfs.archive(
            initProgram: SyntheticImage.noise(byteCount: 3001, seed: 5), modules: modules,
            compression: compression)
    }
}
