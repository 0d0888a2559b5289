import BakeContract
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Images

@Suite struct DiskTests {
    @Test(arguments: [
        // Image, partition: MiB; sectors a cluster.
        (1, 64, 1), (20, 64, 1), (60, 70, 1), (500, 524, 8), (2047, 2119, 8),
    ])
    func thePartitionFitsTheImage(image: Int, partition: Int, cluster: Int) {
        let layout = DiskLayout(imageByteCount: image << 20, digest: .of([]))
        #expect(layout.partitionByteCount == partition << 20)
        #expect(layout.sectorsPerCluster == cluster)
        #expect(layout.diskByteCount == (partition + 2) << 20)
        // Microsoft's FAT specification: fewer clusters than this make a FAT16.
        let clusterCount = layout.partitionByteCount / (512 * cluster)
        #expect(clusterCount - clusterCount * 9 / 512 > 65_525)
    }

    @Test func theChecksumIsTheOneEverybodyHas() {
        // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
        #expect(CRC32.of(Array("123456789".utf8)) == 0xcbf4_3926)
    }

    @Test func otherImagesGetOtherIdentifiers() {
        let one = DiskLayout(imageByteCount: 1, digest: .of([1]))
        let two = DiskLayout(imageByteCount: 1, digest: .of([2]))
        #expect(one == DiskLayout(imageByteCount: 1, digest: .of([1])))
        #expect(one.table.diskGUID != two.table.diskGUID)
        #expect(one.table.partitionGUID != two.table.partitionGUID)
        #expect(one.table.partitionGUID != one.table.diskGUID)
        #expect(one.volumeSerial != two.volumeSerial)
        #expect(one.table.diskGUID[7] >> 4 == 8)
        #expect(one.table.diskGUID[8] >> 6 == 2)
    }

    @Test func partitioningToolsAndTheFATsOwnAcceptTheDisk() async throws {
        let directory = try TemporaryDirectory()
        let synthetic = try SyntheticImage()
        let image = try BootImage(opening: FilePath(try synthetic.write(to: directory)))
        let disk = directory.path("a disk with @@ and c: in its name")
        try await image.exportDisk(to: FilePath(disk))

        let verdict = try runProcess(["sfdisk", "--verify", disk], environment: Self.sbin)
        #expect(verdict.status == 0)
        #expect(verdict.stdoutText.contains("No errors detected"))
        let dump = try runProcess(["sfdisk", "--dump", disk], environment: Self.sbin).stdoutText
        #expect(dump.contains("label: gpt"))
        #expect(dump.contains("start=        2048, size=      131072"))
        #expect(dump.contains("type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B"))
        #expect(dump.contains("name=\"EFI system partition\""))

        try runProcess([
            "dd", "if=\(disk)", "of=\(directory.path("esp"))", "bs=1M", "skip=1", "count=64",
        ])
        let check = try runProcess(
            ["fsck.fat", "-n", "-v", directory.path("esp")], environment: Self.sbin)
        #expect(check.status == 0, "\(check.stdoutText)\(check.stderrText)")
        #expect(check.stdoutText.contains("32 bit entries"))
        let content = try runProcess(
            ["mtype", "-i", directory.path("esp"), "::/EFI/BOOT/BOOTX64.EFI"])
        #expect(content.stdout == Data(synthetic.bytes))
    }

    @Test func theSameImageGivesTheSameDiskWhateverTheFileIsCalled() async throws {
        let directory = try TemporaryDirectory()
        let synthetic = try SyntheticImage()
        for name in ["one", "two"] {
            let path = try synthetic.write(to: directory, "image-\(name)")
            let old = Date(timeIntervalSince1970: name == "one" ? 1_000_000_000 : 1_500_000_000)
            try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: path)
            try await BootImage(opening: FilePath(path))
                .exportDisk(to: FilePath(directory.path(name)))
        }
        #expect(
            FileManager.default.contentsEqual(
                atPath: directory.path("one"), andPath: directory.path("two")))
        // Nothing in it is of today, or two disks of two days would differ.
        let listing = try runProcess(
            ["mdir", "-/", "-a", "-i", "\(directory.path("one"))@@1M", "::"],
            environment: ["TZ": "UTC"]
        ).stdoutText
        let entries = listing.split(separator: "\n").filter { $0.contains(":") && $0.contains("-") }
        #expect(!entries.isEmpty)
        #expect(entries.allSatisfy { $0.contains("1980-01-01") || $0.contains("Directory for") })
    }

    @Test func missingToolsAreNamedWithTheirPackage() async throws {
        let directory = try TemporaryDirectory()
        let output = try OutputFile(replacing: FilePath(directory.path("disk")))
        var volume = FATVolume(in: output.descriptor, atByteOffset: 0)
        volume.searchPath = directory.path
        let format = volume
        await #expect(throws: ImageError.missingTool(name: "mmd", package: "mtools")) {
            try await format.makeDirectories(["/EFI"])
        }
    }

    @Test func aToolThatFailsLeavesTheOldDiskAlone() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("old", to: "disk")
        do {
            let output = try OutputFile(replacing: FilePath(directory.path("disk")))
            try output.resize(toByteCount: 512)
            let volume = FATVolume(in: output.descriptor, atByteOffset: 0)
            await #expect(throws: ImageError.self) {
                try await volume.format(DiskLayout(imageByteCount: 1, digest: .of([])))
                try await volume.makeDirectories(["/no/parent"])
            }
        }
        #expect(try String(contentsOfFile: directory.path("disk"), encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["disk"])
    }

    private static let sbin = ["PATH": "/usr/sbin:/sbin:/usr/bin:/bin"]
}
