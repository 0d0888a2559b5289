import BakeContract
import Foundation
import Images
import SystemPackage
import TestSupport
import Testing

@Suite struct VerifyTests {
    let directory: TemporaryDirectory
    let synthetic: SyntheticImage
    let path: FilePath

    init() throws {
        directory = try TemporaryDirectory()
        synthetic = try SyntheticImage()
        path = FilePath(try synthetic.write(to: directory))
    }

    @Test func aWholeImageHasNoDamage() throws {
        #expect(try BootImage.verify(path) == [])
    }

    /// Every bit of the headers, one bit of every byte of the small parts and of all padding
    /// borders, and thousands of bits anywhere: each is found, and the right place is named.
    @Test func everyFlippedBitIsFoundAndItsPlaceNamed() throws {
        let file = try FileDescriptor.open(path, .readWrite)
        defer { try? file.close() }  // the directory goes away with the test
        for (offset, bit) in flips() {
            let byte = synthetic.bytes[offset]
            try file.writeAll(toAbsoluteOffset: Int64(offset), [byte ^ (1 << UInt8(bit))])
            let places = try BootImage.verify(path).map(\.place)
            #expect(places == [place(of: offset)], "bit \(bit) of byte \(offset)")
            try file.writeAll(toAbsoluteOffset: Int64(offset), [byte])
        }
        #expect(try BootImage.verify(path) == [])
    }

    private func flips() -> [(offset: Int, bit: Int)] {
        let record = SyntheticImage.setupByteCount + BootRecord.payloadOffset
        let headers =
            Array(0x3c..<0x40) + Array(0x1f1..<0x210)
            + Array(SyntheticImage.headerOffset..<SyntheticImage.headerOffset + 160)
            + Array(record..<record + 0x80)
        var flips = headers.flatMap { offset in (0..<8).map { (offset, $0) } }
        for part in synthetic.parts {
            for offset in [
                part.range.lowerBound, part.range.lowerBound + 100, part.range.upperBound - 1,
                part.range.upperBound,
            ] where offset < synthetic.bytes.count {
                flips.append((offset, offset % 8))
            }
        }
        let room = synthetic.range(.room).lowerBound
        for page in 0..<10 { flips += [(room + 4096 * page, 1), (room + 4096 * page + 4095, 2)] }
        flips.append((synthetic.bytes.count - 1, 7))
        let noise = SyntheticImage.noise(byteCount: 4 * 1500, seed: 99)
        for index in 0..<1500 {
            let number = noise[4 * index..<4 * index + 3].reduce(0) { $0 << 8 | Int($1) }
            flips.append((number % synthetic.bytes.count, Int(noise[4 * index + 3]) % 8))
        }
        return flips
    }

    private func place(of offset: Int) -> Damage.Place {
        let text = synthetic.bytes[synthetic.manifestRange].lastIndex { $0 != 0 }!
        if synthetic.manifestRange.contains(offset), offset > text {
            return .padding(after: .manifest)
        }
        let part = synthetic.parts.last { $0.range.lowerBound <= offset }!
        return part.range.contains(offset) ? .part(part.name) : .padding(after: part.name)
    }

    @Test func aCutFileIsFoundWhereverItWasCut() throws {
        // What is left has neither the setup header nor anything else of ours.
        let smallest = 0x210
        let borders = synthetic.parts.flatMap { part in
            [part.range.lowerBound, part.range.lowerBound + 1, part.range.upperBound - 1]
        }
        let everywhere = Array(stride(from: smallest, to: synthetic.bytes.count, by: 509))
        for byteCount in Set(borders + everywhere + [synthetic.bytes.count - 1])
        where byteCount >= smallest && byteCount < synthetic.bytes.count {
            var cut = synthetic
            cut.bytes.removeLast(cut.bytes.count - byteCount)
            let path = FilePath(try cut.write(to: directory, "cut"))
            #expect(try BootImage.verify(path).count == 1, "cut after \(byteCount)")
            #expect(throws: ImageError.self, "cut after \(byteCount)") {
                try BootImage(opening: path)
            }
        }
    }

    @Test func theCutPartIsNamed() throws {
        for name in [PartName.blob, .kernel, .room] {
            var cut = synthetic
            cut.bytes.removeLast(cut.bytes.count - synthetic.range(name).upperBound + 1)
            let path = FilePath(try cut.write(to: directory, "cut"))
            let range = synthetic.range(name)
            let flaw = FormatFlaw.truncated(
                byteCount: range.upperBound - 1, neededByteCount: range.upperBound)
            #expect(try BootImage.verify(path) == [Damage(place: .part(name), flaw: flaw)])
            let needed = synthetic.bytes.count
            #expect(
                throws: ImageError.cutShort(
                    path: path, byteCount: range.upperBound - 1, neededByteCount: needed)
            ) { try BootImage(opening: path) }
        }
    }

    /// Every digest is right, and yet the guest would look for another blob.
    @Test func whatTheGuestIsToldMustAgree() throws {
        var other = synthetic
        try other.replace("verity-hash-start 3", by: "verity-hash-start 4", in: .settings)
        try other.writeManifest()
        let path = FilePath(try other.write(to: directory, "other"))
        let flaw = FormatFlaw.badField("bake/manifest")
        #expect(try BootImage.verify(path) == [Damage(place: .part(.settings), flaw: flaw)])
    }

    @Test(arguments: [1, 512, 4096])
    func bytesBehindTheEndAreFound(byteCount: Int) throws {
        var longer = synthetic
        longer.bytes += Bytes(repeating: 0, count: byteCount)
        let path = FilePath(try longer.write(to: directory, "longer"))
        let flaw = FormatFlaw.trailingBytes(offset: synthetic.bytes.count)
        #expect(try BootImage.verify(path) == [Damage(place: .end, flaw: flaw)])
    }

    /// As a signing tool leaves it: certificate behind the end, its entry and the checksum set.
    @Test func aSignatureIsNoDamage() throws {
        var signed = synthetic
        signed.bytes += SyntheticImage.noise(byteCount: 1024, seed: 8)
        store(UInt32(synthetic.bytes.count), SyntheticImage.certificateEntryOffset, in: &signed)
        store(1024, SyntheticImage.certificateEntryOffset + 4, in: &signed)
        store(checksum(signed.bytes), SyntheticImage.checksumOffset, in: &signed)
        #expect(try BootImage.verify(FilePath(try signed.write(to: directory, "signed"))) == [])

        for offset in [SyntheticImage.checksumOffset, signed.bytes.count - 5, 20_000] {
            var damaged = signed
            damaged.bytes[offset] ^= 0x10
            let path = FilePath(try damaged.write(to: directory, "damaged"))
            let checksumDamage = Damage(place: .part(.setup), flaw: .badField("CheckSum"))
            #expect(try BootImage.verify(path).contains(checksumDamage), "byte \(offset)")
        }
        var wrongEntry = signed
        store(1025, SyntheticImage.certificateEntryOffset + 4, in: &wrongEntry)
        store(0, SyntheticImage.checksumOffset, in: &wrongEntry)
        let path = FilePath(try wrongEntry.write(to: directory, "wrong"))
        #expect(
            try BootImage.verify(path) == [
                Damage(place: .part(.setup), flaw: .badField("certificate table entry"))
            ])
    }

    private func store(_ number: UInt32, _ offset: Int, in image: inout SyntheticImage) {
        withUnsafeBytes(of: number.littleEndian) { field in
            image.bytes.replaceSubrange(offset..<offset + 4, with: field)
        }
    }

    /// The PE checksum the slow way: one sum, the carries added at the end.
    private func checksum(_ bytes: Bytes) -> UInt32 {
        var sum = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += Int(bytes[index]) | Int(bytes[index + 1]) << 8
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return UInt32(sum + bytes.count)
    }
}
