import SystemPackage
import TestSupport
import Testing

@testable import Kernels

@Suite struct KernelImageTests {
    @Test func realKernelSaysWhatItIs() throws {
        let kernel = try TestKernel.newest()
        let image = try KernelImage.read(FilePath(kernel.image))
        #expect(image.version == kernel.version)
        #expect(image.versionText.contains("#1 SMP"))
        #expect(image.protocolVersion >= 0x020c)
        #expect(image.commandLineLimit == 2047)
        #expect(image.setupByteCount % 512 == 0)
        #expect(try image.setupByteCount + image.payloadByteCount <= readFile(image.path).count)
        #expect(image.initSize > image.payloadByteCount)
        #expect(image.payloadCompression != nil)
        #expect(image.warnings.isEmpty)
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let reason: NotAKernel
        let bytes: @Sendable ([UInt8]) -> [UInt8]
    }

    static let refusals: [Refusal] = [
        Refusal(testDescription: "no bytes", reason: .empty) { _ in [] },
        Refusal(
            testDescription: "700 bytes", reason: .truncated(byteCount: 700, neededByteCount: 0)
        ) { Array($0.prefix(700)) },
        Refusal(testDescription: "300 bytes", reason: .tooShort(byteCount: 300)) {
            Array($0.prefix(300))
        },
        Refusal(testDescription: "half", reason: .truncated(byteCount: 0, neededByteCount: 0)) {
            Array($0.prefix($0.count / 2))
        },
        Refusal(testDescription: "noise", reason: .noBootSignature) { _ in
            (0..<100_000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
        },
        Refusal(testDescription: "zeros", reason: .noBootSignature) { _ in
            [UInt8](repeating: 0, count: 4096)
        },
        Refusal(
            testDescription: "ELF",
            reason: .otherFormat("an ELF file (a vmlinux or a program), not a bzImage")
        ) { [0x7f, 0x45, 0x4c, 0x46] + $0.dropFirst(4) },
        Refusal(testDescription: "gzip", reason: .otherFormat("gzip data, not a bzImage")) {
            [0x1f, 0x8b] + $0.dropFirst(2)
        },
        Refusal(
            testDescription: "EFI program",
            reason: .otherFormat("an EFI program, not a bzImage")
        ) { replacing($0, at: 0x202, [0, 0, 0, 0]) },
        Refusal(testDescription: "no HdrS", reason: .noSetupHeader) {
            replacing(replacing($0, at: 0x202, [0, 0, 0, 0]), at: 0, [0, 0])
        },
        Refusal(testDescription: "protocol 2.11", reason: .oldProtocol(0x020b)) {
            replacing($0, at: 0x206, [0x0b, 0x02])
        },
        Refusal(testDescription: "zImage", reason: .notLoadedHigh) {
            replacing($0, at: 0x211, [$0[0x211] & 0xfe])
        },
        Refusal(testDescription: "32-bit", reason: .not64Bit) {
            replacing($0, at: 0x236, [$0[0x236] & 0xfe])
        },
        Refusal(testDescription: "baked image", reason: .isBakedImage) {
            replacing($0, at: (Int($0[0x1f1]) + 1) * 512 + 0x40, Array("BAKEBOOT".utf8))
        },
    ]

    @Test(arguments: refusals) func refuses(_ refusal: Refusal) throws {
        let kernel = try readFile(FilePath(TestKernel.newest().image))
        let broken = refusal.bytes(kernel)
        let error = #expect(throws: KernelsError.self) {
            try KernelImage.parse(broken, path: "vmlinuz")
        }
        guard case .notAKernel("vmlinuz", let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        switch (reason, refusal.reason) {
        case (.truncated(let byteCount, let needed), .truncated):
            #expect(byteCount == broken.count)
            #expect(needed > byteCount)
        default: #expect(reason == refusal.reason)
        }
    }

    /// Whatever the header says, reading it never traps.
    @Test func everyByteOfTheHeaderMayBeWrong() throws {
        // A short payload, or all of these would be refused as cut short before more is read.
        let kernel = replacing(
            try Array(readFile(FilePath(TestKernel.newest().image)).prefix(40_000)), at: 0x1f4,
            [16, 0, 0, 0])
        for offset in 0x1f0..<0x268 {
            for value: UInt8 in [0, 0x7f, 0xff] {
                let damaged = replacing(kernel, at: offset, [value])
                _ = try? KernelImage.parse(damaged, path: "x")  // Any verdict, if there is one.
            }
        }
    }

    @Test func payloadThatIsNoLinuxIsAWarning() throws {
        let kernel = try readFile(FilePath(TestKernel.newest().image))
        let tester = replacing(kernel, at: 0x248, [0, 0, 0, 0])
        #expect(try KernelImage.parse(tester, path: "memtest").warnings == [.notLikelyLinux])
    }
}

func replacing(_ bytes: [UInt8], at offset: Int, _ replacement: [UInt8]) -> [UInt8] {
    var bytes = bytes
    bytes.replaceSubrange(offset..<offset + replacement.count, with: replacement)
    return bytes
}
