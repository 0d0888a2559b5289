import BakeContract
import Testing

@testable import Images

@Suite struct SetupHeaderTests {
    let kernel = FakeKernel()
    let header = SetupHeader(
        setupAreaByteCount: 0x6000, payloadByteCount: 0x123_4000, kernelPayloadOffset: 0x1_8000,
        initByteCount: 0x456_7000)

    struct Field {
        let name: String
        let offset: Int
        let byteCount: Int
        let value: UInt64

        init(_ name: String, _ offset: Int, byteCount: Int, _ value: UInt64) {
            self.name = name
            self.offset = offset
            self.byteCount = byteCount
            self.value = value
        }
    }

    /// docs/image-format.md, *Setup area*: the table, line by line.
    @Test(arguments: [
        Field("e_lfanew", 0x3c, byteCount: 4, 0x800),
        Field("setup_sects", 0x1f1, byteCount: 1, 0x2f),
        Field("syssize", 0x1f4, byteCount: 4, 0x12_3400),
        Field("code32_start", 0x214, byteCount: 4, 0x10_0000),
        Field("kernel_alignment", 0x230, byteCount: 4, 0x20_0000),
        Field("relocatable_kernel", 0x234, byteCount: 1, 1),
        Field("xloadflags", 0x236, byteCount: 2, 0x73),
        Field("payload_offset", 0x248, byteCount: 4, 0),
        Field("payload_length", 0x24c, byteCount: 4, 0),
        Field("pref_address", 0x258, byteCount: 8, 0x100_0000),
        Field("init_size", 0x260, byteCount: 4, 0x456_7000),
        Field("handover_offset", 0x264, byteCount: 4, 0),
        Field("kernel_info_offset", 0x268, byteCount: 4, 0x1_8000 + 0x800 + 0x2000),
    ])
    func hasTheField(field: Field) throws {
        let bytes = header.patched(try KernelSetup(kernel: kernel.bytes))
        var number: UInt64 = 0
        for index in (0..<field.byteCount).reversed() {
            number = number << 8 | UInt64(bytes[field.offset + index])
        }
        #expect(number == field.value, "\(field.name)")
    }

    @Test func theRestIsTheKernelsButForItsPEHeader() throws {
        let bytes = header.patched(try KernelSetup(kernel: kernel.bytes))
        #expect(bytes.count == kernel.setupByteCount)
        #expect(bytes[0x40..<0x1ec].allSatisfy { $0 == 0 })
        #expect(bytes[..<0x3c] == kernel.bytes[..<0x3c])
        #expect(bytes[0x200..<0x214] == kernel.bytes[0x200..<0x214])
        #expect(bytes[0x26c...] == kernel.bytes[0x26c..<kernel.setupByteCount])
    }

    @Test func olderProtocolsKeepWhatStandsWhereKernelInfoCameLater() throws {
        let older = FakeKernel(version: 0x020d)
        let bytes = header.patched(try KernelSetup(kernel: older.bytes))
        #expect(bytes.littleEndian(UInt32.self, at: 0x268) == older.kernelInfoOffset)
    }

    @Test func kernelsSayWhatTheyNeed() throws {
        let setup = try KernelSetup(kernel: FakeKernel(setupSectorCount: 0).bytes)
        #expect(setup.byteCount == 5 * 512)
        #expect(setup.initByteCount == 0x300_0000)
        #expect(setup.alignment == 0x20_0000)
        #expect(setup.preferredAddress == 0x100_0000)
        #expect(setup.commandLineLimitByteCount == 2047)
    }

    @Test(arguments: [
        (Bytes(repeating: 0, count: 4096), FormatFlaw.wrongMagic),
        (Array("\u{7f}ELF".utf8), .wrongMagic),
        ([], .wrongMagic),
        (Array(FakeKernel().bytes[..<2048]), .truncated(byteCount: 2048, neededByteCount: 2049)),
        (FakeKernel(version: 0x020b).bytes, .unsupportedVersion(0x020b)),
        (FakeKernel(relocatable: 0).bytes, .badField("relocatable_kernel")),
        (FakeKernel(loadFlags: 0x7e).bytes, .badField("xloadflags: no 64-bit entry")),
        (FakeKernel(alignment: 0x30_0000).bytes, .badField("kernel_alignment")),
        (FakeKernel(alignment: 0).bytes, .badField("kernel_alignment")),
        (FakeKernel(initSize: 0).bytes, .badField("init_size or pref_address")),
    ])
    func refuses(kernel: Bytes, flaw: FormatFlaw) {
        #expect(throws: ImageError.malformed(part: .kernel, flaw: flaw)) {
            try KernelSetup(kernel: kernel)
        }
    }
}
