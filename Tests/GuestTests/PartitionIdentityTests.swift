import Foundation
import TestSupport
import Testing

@testable import BakeContract
@testable import bake_init

/// PARTUUIDs of tables that sfdisk(8) made, compared with what partx(8) reads from them.
@Suite struct PartitionIdentityTests {
    @Test(
        arguments: [
            ("label: gpt\n,2M\n,1M\n,\n", [1, 2, 3]),
            ("label: gpt\ntable-length: 4\n3: size=1M\n", [3]),
            // Logical partitions are counted from 5.
            ("label: dos\n1: size=1M\n2: size=9M, type=E\n5: size=1M\n6: size=1M\n", [1, 5, 6]),
            ("label: dos\nlabel-id: 0x0badcafe\n4: size=1M\n", [4]),
        ] as [(String, [Int])])
    func tablesReadAsElsewhere(script: String, numbers: [Int]) throws {
        let directory = try TemporaryDirectory()
        let path = try disk(script, in: directory)
        let expected = try runProcess([
            "sh", "-c", "PATH=$PATH:/usr/sbin:/sbin partx -g -o NR,UUID \"$1\"", "sh", path,
        ]).stdoutText.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(!expected.isEmpty)
        for line in expected where numbers.contains(Int(line[0])!) {
            #expect(uuid(UInt64(line[0])!, path)?.shown == line[1], "\(line)")
        }
        #expect(Set(expected.map { Int($0[0])! }).isSuperset(of: numbers))
        #expect(uuid(0, path) == nil)
    }

    /// A GPT's numbers lead anywhere; nothing traps, and a table that is cut off says nothing.
    @Test func damagedTablesAreHarmless() throws {
        let directory = try TemporaryDirectory()
        let path = try disk("label: gpt\n,2M\n,\n", in: directory)
        let start = try LinuxSystem().read(path.bytes, at: 0, byteCount: 8192)
        for length in stride(from: 0, to: start.count, by: 7) {
            let device = DeviceReader(Bytes(start[..<length]))
            let found = PartitionIdentity.uuid(ofPartition: 2, on: device, blockByteCount: 512)
            #expect(length >= 1184 || found == nil || found?.count == 11)
        }
        var random = SystemIndependentNoise(state: 11)
        for _ in 0..<20_000 {
            var damaged = start
            for _ in 0..<8 {
                damaged[512 + Int(random.next() % 96)] = UInt8(truncatingIfNeeded: random.next())
            }
            for block in [UInt64(0), 512, 4096, .max] {
                let found = PartitionIdentity.uuid(
                    ofPartition: random.next(), on: DeviceReader(damaged), blockByteCount: block)
                #expect(found.map { [11, 17, 36].contains($0.count) } ?? true)
            }
        }
    }

    private func uuid(_ number: UInt64, _ path: String) -> Bytes? {
        PartitionIdentity.uuid(
            ofPartition: number, on: DeviceReader(path.bytes, on: LinuxSystem()),
            blockByteCount: 512)
    }

    private func disk(_ script: String, in directory: TemporaryDirectory) throws -> String {
        let path = directory.path("disk")
        try directory.write(script, to: "table")
        let result = try runProcess([
            "sh", "-c",
            "truncate -s 16M \"$1\" && PATH=$PATH:/usr/sbin:/sbin sfdisk -q \"$1\" < \"$2\"", "sh",
            path, directory.path("table"),
        ])
        guard result.status == 0 else { throw TestFailure(result.stderrText) }
        return path
    }
}
