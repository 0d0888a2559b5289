import Foundation
import TestSupport
import Testing

/// Damage and too little memory end in a clear line and a documented status, never in a program
/// that runs with wrong files.
@Suite(.serialized)
struct DamageTests {
    /// A copy of the probe image to do harm to.
    private struct Victim {
        let scratch: TemporaryDirectory
        let path: String
        let parts: [String: (offset: Int, byteCount: Int)]

        init() throws {
            scratch = try TemporaryDirectory()
            path = scratch.path("victim.img")
            try FileManager.default.copyItem(atPath: try ProbeImage.baked.get(), toPath: path)
            let report = try StagedBake.run(["inspect", "--json", path])
            let document = try JSONSerialization.jsonObject(with: report.stdout) as? [String: Any]
            let list = document?["parts"] as? [[String: Any]] ?? []
            parts = Dictionary(
                uniqueKeysWithValues: try list.map { part in
                    guard let name = part["name"] as? String, let offset = part["offset"] as? Int,
                        let byteCount = part["byteCount"] as? Int
                    else { throw TestFailure("bake inspect --json: \(report.stdoutText)") }
                    return (name, (offset, byteCount))
                })
        }

        func flipBit(at offset: Int) throws {
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try file.seek(toOffset: UInt64(offset))
            let byte = try file.read(upToCount: 1)?.first ?? 0
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: Data([byte ^ 0x10]))
            try file.close()
        }

        func offset(of part: String, at fraction: Double = 0.5) throws -> Int {
            guard let range = parts[part] else { throw TestFailure("no part '\(part)'") }
            return range.offset + Int(Double(range.byteCount) * fraction)
        }

        func console(memoryMiB: Int = 256) throws -> String {
            try Machine.console(memoryMiB: memoryMiB, ["-kernel", path])
        }
    }

    @Test func everyRegionIsCheckedBeforeTheMachineStarts() throws {
        let names = [
            "setup", "stub", "manifest", "kernel", "initramfs", "settings", "room", "efi-stub",
            "blob-header", "blob-trailer",
        ]
        for name in names {
            let victim = try Victim()
            try victim.flipBit(at: victim.offset(of: name))
            let result = try StagedBake.run(["run", "--accel", "tcg", victim.path])
            #expect(result.status == 125, "\(name): \(result.stderrText)")
            #expect(!result.stdoutText.contains("hostname: "), "\(name)")
            let verdict = try StagedBake.run(["verify", victim.path])
            #expect(verdict.status != 0 && verdict.stderrText.contains(name), "\(name): \(verdict)")
        }
    }

    /// Without `bake run`, the guest itself refuses.
    @Test(arguments: ["settings", "initramfs"])
    func damagedPartWithAForeignLauncher(part: String) throws {
        let victim = try Victim()
        try victim.flipBit(at: victim.offset(of: part))
        #expect(!(try victim.console().contains("hostname: ")))
    }

    /// Every block of the tree is damaged but the superblock's, so any the program reads is.
    @Test func aBadBlockStopsTheProgram() throws {
        let victim = try Victim()
        let blob = try #require(victim.parts["blob"])
        let compressedData = blob.offset + 96
        try victim.flipBit(at: compressedData + 4096 * 8)
        let result = try StagedBake.run(["run", "--accel", "tcg", victim.path])
        #expect(result.status == 125)
        #expect(result.stderrText.contains("damaged"), "\(result.stderrText)")
        #expect(!result.stdoutText.contains("hostname: "))
    }

    @Test func truncatedImage() throws {
        let victim = try Victim()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: victim.path))
        try file.truncate(atOffset: UInt64(victim.offset(of: "blob")))
        try file.close()
        #expect(try StagedBake.run(["run", "--accel", "tcg", victim.path]).status == 125)
        let console = try victim.console()
        #expect(console.contains("bake: error: "), "\(console)")
        #expect(!console.contains("hostname: "))
    }

    @Test func tooLittleMemory() throws {
        let image = try ProbeImage.baked.get()
        let told = try StagedBake.run(["run", "--accel", "tcg", "-M", "48", image])
        #expect(told.status == 125)
        #expect(told.stderrText.contains("48 MiB"), "\(told.stderrText)")
        let console = try Machine.console(memoryMiB: 48, ["-kernel", image])
        #expect(console.contains("bake: error: "), "\(console)")
        #expect(console.contains("48 M") || console.contains("47 M"), "\(console)")
    }

    /// 300 MB that no compressor makes smaller, in a machine with less.
    @Test func aLargeBlobInTooLittleMemory() throws {
        let scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"))
        let noise = scratch.path("tree/noise")
        try runProcess(["sh", "-c", "head -c 300000000 /dev/urandom > \(noise)"])
        let image = scratch.path("large.img")
        let bake = try StagedBake.run([
            "-R", scratch.path("tree"), "-o", image, "--", "/bin/busybox", "echo", "it runs",
        ])
        #expect(bake.status == 0, "\(bake.stderrText)")
        for way in ["", "bake.inplace=off"] {
            let console = try Machine.console(
                memoryMiB: 320, ["-kernel", image, "-append", way])
            #expect(console.contains("bake: error: "), "\(console)")
            #expect(!console.contains("it runs"))
        }
    }
}
