import BakeContract
import Foundation
import Images
import SystemPackage
import TestSupport
import Testing

/// The boot stub between QEMU's loader and a real kernel. The kernel finds no init and restarts,
/// which ends QEMU; what it said about memory, ramdisk and command line is what the stub told it.
@Suite(.serialized) struct BootStubTests {
    private static let megabyte = 1 << 20
    private static let blobByteCount = 5 * megabyte + 4096

    @Test(arguments: ["pc", "q35"])
    func theBlobStaysInPlaceAsPersistentMemory(machine: String) throws {
        let boot = try Boot(machine: machine, blobByteCount: Self.blobByteCount)
        let lines = try boot.run(megabytes: 256, commandLine: "given=1")
        #expect(lines.contains("Command line: console=ttyS0 panic=-1 given=1"), "\(lines)")
        let ranges = lines.memoryRanges("persistent (type 12)")
        #expect(ranges.count == 1, "\(lines)")
        let blob = try #require(ranges.first)
        #expect(blob.lowerBound == 0x10_0000 + boot.payloadOffset(.blob))
        #expect(blob.lowerBound % (2 * Self.megabyte) == 0)
        #expect(blob.count == 6 * Self.megabyte)
        let ramdisk = try #require(lines.memoryRanges("RAMDISK").first)
        #expect(ramdisk.lowerBound == 0x10_0000 + boot.payloadOffset(.initramfs))
        #expect(ramdisk.upperBound <= blob.lowerBound)
    }

    @Test func aWordOnTheCommandLineMakesItARamdisk() throws {
        let boot = try Boot(machine: "pc", blobByteCount: Self.blobByteCount)
        let lines = try boot.run(megabytes: 256, commandLine: "bake.inplace=off")
        #expect(lines.memoryRanges("persistent").isEmpty, "\(lines)")
        let ramdisk = try #require(lines.memoryRanges("RAMDISK").first)
        #expect(ramdisk.lowerBound == 0x10_0000 + boot.payloadOffset(.initramfs))
        #expect(ramdisk.count >= Self.blobByteCount)
    }

    @Test(arguments: ["-- bake.inplace=off", #"{"env":{"A":" bake.inplace=off "}}"#])
    func theSameWordForTheProgramMeansNothing(commandLine: String) throws {
        let boot = try Boot(machine: "pc", blobByteCount: Self.blobByteCount)
        let lines = try boot.run(megabytes: 256, commandLine: commandLine)
        #expect(lines.memoryRanges("persistent (type 12)").count == 1, "\(lines)")
    }

    /// With the blob in place more memory is there than the kernel needs; unpacked, it is not.
    @Test(arguments: [
        ("", \Manifest.MemoryNeeds.inPlaceByteCount),
        ("bake.inplace=off", \Manifest.MemoryNeeds.ramdiskByteCount),
    ])
    func tooLittleMemoryIsSaidWithBothNumbers(
        commandLine: String, need: KeyPath<Manifest.MemoryNeeds, Int> & Sendable
    ) throws {
        let boot = try Boot(machine: "pc", blobByteCount: 60 * Self.megabyte)
        let needed = boot.written.manifest.memory[keyPath: need] / Self.megabyte
        let lines = try boot.run(megabytes: needed - 8, commandLine: commandLine)
        let message =
            "bake: error: this image needs \(needed) MB of RAM to start, "
            + "this machine has \(needed - 8) MB"
        #expect(lines.contains(message), "\(lines)")
        #expect(!lines.contains { $0.hasPrefix("Linux version") })
    }

    @Test func aMachineSmallerThanTheImageSaysSoToo() throws {
        let boot = try Boot(machine: "q35", blobByteCount: 60 * Self.megabyte)
        let lines = try boot.run(megabytes: 32, commandLine: "")
        #expect(
            lines.contains { $0.hasSuffix("of RAM to start, this machine has 32 MB") }, "\(lines)")
    }

    @Test func aCommandLineThatIsTooLongIsCutAndMarked() throws {
        let boot = try Boot(machine: "pc", blobByteCount: Self.blobByteCount)
        let baked = "console=ttyS0 panic=-1"
        let fits = String(repeating: "x", count: 2047 - baked.count - 1)
        // The kernel's log shows the front of so long a line, not all of it.
        let whole = try boot.run(megabytes: 256, commandLine: fits)
        #expect(whole.contains { $0.hasPrefix("Command line: \(baked) xxx") }, "\(whole)")
        #expect(!whole.contains { $0.hasPrefix("bake: ") }, "\(whole)")
        let cut = try boot.run(megabytes: 256, commandLine: fits + "yz")
        #expect(
            cut.contains(
                "bake: warning: the kernel command line is 2049 bytes long and the kernel takes "
                    + "2047: its end is cut off"), "\(cut)")
        #expect(cut.contains { $0.hasPrefix("Command line: bake.cut \(baked) xxx") }, "\(cut)")
    }
}

/// An image with a real kernel and the real boot stub, and QEMU to start it.
private struct Boot {
    let machine: String
    let sample: SampleContents
    let written: WrittenImage
    private let path: FilePath

    init(machine: String, blobByteCount: Int) throws {
        self.machine = machine
        var sample = try SampleContents(zeroBlobByteCount: blobByteCount)
        sample.contents.kernel = PartSource(try bytes(of: try TestKernel.newest().image))
        sample.contents.bootStub = try bytes(of: try StagedBake.part("lib/bake/boot-stub.bin"))
        sample.contents.commandLine = Array("console=ttyS0 panic=-1".utf8)
        self.sample = sample
        self.path = FilePath(sample.directory.path("app.img"))
        self.written = try ImageWriter.write(sample.contents, to: path)
    }

    func payloadOffset(_ name: PartName) -> Int {
        let parts = written.manifest.parts.map(\.part)
        let setup = parts.first { $0.name == .setup }?.range.upperBound ?? 0
        return (parts.first { $0.name == name }?.range.lowerBound ?? 0) - setup
    }

    /// What the serial port said, line by line, without the kernel's time stamps.
    func run(megabytes: Int, commandLine: String) throws -> [String] {
        let result = try runProcess(
            [
                "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-machine", machine,
                "-m", "\(megabytes)", "-nodefaults", "-display", "none", "-no-reboot",
                "-serial", "stdio", "-kernel", path.string, "-append", commandLine,
            ], timeoutSeconds: 120)
        return result.stdoutText.split(whereSeparator: \.isNewline).map { line in
            String(line.replacing(#/^\[ *[0-9.]+\] /#, with: ""))
        }
    }
}

private func bytes(of path: String) throws -> Bytes {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}

extension [String] {
    /// `BIOS-e820: [mem 0x1200000-0x17fffff] persistent (type 12)` and the like.
    fileprivate func memoryRanges(_ marker: String) -> [Range<Int>] {
        filter { $0.contains(marker) && !$0.contains("update") }.compactMap { line in
            guard let match = line.firstMatch(of: #/\[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]/#),
                let first = Int(match.1, radix: 16), let last = Int(match.2, radix: 16)
            else { return nil }
            return first..<last + 1
        }
    }
}
