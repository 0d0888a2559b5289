import BakeContract
import Images
import Testing

@Suite struct BootRecordTests {
    static let record = BootRecord(
        leavesBlobInPlace: true, payloadByteCount: 0x30_0000, manifest: 0x3000..<0x4000,
        commandLine: 0x4000..<0x4010, kernel: 0x5000..<0x9000, ramdisk: 0x9000..<0x1_0000,
        blob: 0x1f_f000..<0x2f_f000, fullRamdiskByteCount: 0x2f_607c,
        inPlaceMemoryByteCount: 72 << 20, ramdiskMemoryByteCount: 112 << 20)

    @Test func everyFieldStandsWhereTheFormatSays() {
        let bytes = Self.record.encoded()
        #expect(bytes.count == 0x80)
        #expect(Array(bytes[0..<16]) == Array("BAKEBOOT".utf8) + [1, 0, 0, 0, 1, 0, 0, 0])
        let expected: [(offset: Int, number: UInt64)] = [
            (0x10, 0x30_0000), (0x18, 0x3000), (0x20, 0x1000), (0x28, 0x4000), (0x30, 0x10),
            (0x38, 0x5000), (0x40, 0x4000), (0x48, 0x9000), (0x50, 0x7000), (0x58, 0x1f_f000),
            (0x60, 0x10_0000), (0x68, 0x2f_607c), (0x70, 72 << 20), (0x78, 112 << 20),
        ]
        for (offset, number) in expected {
            let field = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
            #expect(Array(bytes[offset..<offset + 8]) == field, "field at \(offset)")
        }
    }

    @Test func readsWhatItWrote() throws {
        #expect(try BootRecord(decoding: Self.record.encoded()) == Self.record)
    }

    @Test(arguments: [
        (0x00, Bytes([0x62]), FormatFlaw.wrongMagic),
        (0x08, [2], .unsupportedVersion(2)),
        (0x0c, [2], .badField("flags")),
        (0x17, [0x80], .badField("payload length")),
        (0x18, [0x01, 0x30, 0x30], .outside(range: "manifest", limitByteCount: 0x30_0000)),
        (0x3d, [0x7f], .outside(range: "kernel", limitByteCount: 0x30_0000)),
        (0x3f, [0x7f], .badField("kernel")),
        (0x47, [0xff], .badField("kernel")),
        (0x65, [0x7f], .outside(range: "blob", limitByteCount: 0x30_0000)),
        (0x6e, [1], .badField("full ramdisk length")),
    ])
    func refusesFieldsThatCannotBe(offset: Int, bytes: Bytes, flaw: FormatFlaw) {
        var record = Self.record.encoded()
        record.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        #expect(throws: ImageError.malformed(part: .stub, flaw: flaw)) {
            try BootRecord(decoding: record)
        }
    }

    @Test func refusesARecordCutShort() {
        let record = Self.record.encoded()
        for byteCount in 0..<record.count {
            #expect(
                throws: ImageError.malformed(
                    part: .stub,
                    flaw: .truncated(byteCount: byteCount, neededByteCount: record.count))
            ) { try BootRecord(decoding: Array(record.prefix(byteCount))) }
        }
    }
}
