import Foundation
import TestSupport
import Testing

@testable import BakeContract
@testable import bake_init

/// What is on a disk, compared with what blkid(8) of util-linux says of the same one.
@Suite struct SuperblockProbeTests {
    @Test(arguments: DiskImage.all)
    func saysWhatBlkidSays(image: DiskImage) throws {
        let directory = try TemporaryDirectory()
        let path = try image.make(in: directory)
        let found = SuperblockProbe.probe(DeviceReader(path.bytes, on: LinuxSystem()))
        let facts = try blkid(path)
        #expect(found?.type.shown == facts["TYPE"])
        #expect((found?.label.shown ?? "") == facts["LABEL"] ?? "")
        #expect((found?.uuid.shown ?? "") == facts["UUID"] ?? "")
    }

    /// Nothing traps where a disk ends early, and a superblock cut in half is none.
    @Test(arguments: DiskImage.all)
    func cutsAndFlipsAreHarmless(image: DiskImage) throws {
        let directory = try TemporaryDirectory()
        let path = try image.make(in: directory)
        let start = try LinuxSystem().read(path.bytes, at: 0, byteCount: 0x10000 + 0x2000)
        for length in Array(0...2100) + Array(stride(from: 2101, to: start.count, by: 97)) {
            _ = SuperblockProbe.probe(DeviceReader(Bytes(start[..<min(length, start.count)])))
        }
        var random = SystemIndependentNoise(state: UInt64(start.count) | 1)
        for _ in 0..<4000 {
            var damaged = start
            for _ in 0...(random.next() % 4) {
                // Where the numbers are: the first sectors, a FAT's directory, a disc's descriptors.
                let region = [0..<512, 1024..<2048, 0..<start.count, 0x8000..<0x9000]
                    .map { $0.clamped(to: 0..<start.count) }.filter { !$0.isEmpty }
                guard let range = region.randomElement(using: &random) else { continue }
                damaged[range.randomElement(using: &random)!] = UInt8(
                    truncatingIfNeeded: random.next())
            }
            guard let found = SuperblockProbe.probe(DeviceReader(damaged)) else { continue }
            #expect(found.label.count <= 64 && found.uuid.count <= 36)
        }
    }

    @Test(arguments: [
        ("LUKS".bytes + [0xba, 0xbe, 0, 2], 0, "LUKS"), ("LABELONE".bytes, 512, "LVM"),
        ("_BHRfS_M".bytes, 0x10040, "btrfs"),
    ])
    func otherContentsHaveAName(mark: Bytes, offset: Int, name: String) {
        var disk = Bytes(repeating: 0, count: 0x11000)
        disk.replaceSubrange(offset..<(offset + mark.count), with: mark)
        #expect(SuperblockProbe.probe(DeviceReader(disk))?.type == name.bytes)
    }

    private func blkid(_ path: String) throws -> [String: String] {
        var facts: [String: String] = [:]
        for key in ["TYPE", "LABEL", "UUID"] {
            let value = try runProcess([
                "sh", "-c", "PATH=$PATH:/usr/sbin:/sbin blkid -p -s \(key) -o value \"$1\"", "sh",
                path,
            ]).stdoutText.split(separator: "\n").first
            facts[key] = value.map(String.init)
        }
        return facts
    }
}

/// The same numbers at every run (xorshift64).
struct SystemIndependentNoise: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
