import BakeContract
import Foundation
import Images
import TestSupport

/// A small image put together from the format's page alone, not by `ImageWriter`: the reader is
/// checked against the description, and the description is small enough to change in one place.
struct SyntheticImage {
    var bytes: Bytes = []
    private(set) var parts: [ImagePart] = []
    private(set) var sections: [(name: String, range: Range<Int>)] = []
    private(set) var manifestRange = 0..<0

    static let setupByteCount = 4096
    static let headerOffset = 0x400
    static let optionalOffset = headerOffset + 24
    static let checksumOffset = optionalOffset + 64
    static let certificateEntryOffset = optionalOffset + 144
    static let configuration = Array(#"{"hostname":"baked"}"#.utf8)
    static let commandLine = Array("console=ttyS0 quiet".utf8)
    /// "from" in a Zstandard frame: magic, single segment of 4 bytes, one raw block (RFC 8878).
    static let provenance: Bytes =
        [0x28, 0xb5, 0x2f, 0xfd, 0x20, 4, 4 << 3 | 1, 0, 0] + Bytes("from".utf8)
    static let squashfs = noise(byteCount: 10_000, seed: 3)

    init() throws {
        let blob = Self.padded(Self.squashfs, to: 4096) + Self.hashes
        place(.setup, Bytes(repeating: 0, count: Self.setupByteCount))
        place(.stub, Self.noise(byteCount: 4096, seed: 1))
        place(.manifest, Bytes(repeating: 0, count: 4096), alignment: 4096, section: ".bake")
        place(.commandLine, Self.commandLine + [0], section: ".cmdline")
        place(.osRelease, Array("ID=bake\n".utf8), section: ".osrel")
        place(.kernelRelease, Array("6.1.0-test".utf8), section: ".uname")
        place(.provenance, Self.provenance, section: ".bakewhy")
        place(.efiStub, Self.noise(byteCount: 1500, seed: 2), section: ".text")
        place(.kernel, Self.noise(byteCount: 9999, seed: 5), alignment: 4096, section: ".linux")
        place(.initramfs, try Self.initramfs(), alignment: 4096)
        place(.settings, try Self.settings(Self.description(of: blob)), alignment: 4096)
        place(.room, try ConfigurationRoom.empty.archive(), alignment: 4096)
        place(
            .blobHeader,
            try NewcHeader.file("bake/blob", contentByteCount: blob.count)
                .encodedEnding(atMultipleOf: 4096), alignment: 8192)
        place(.blob, blob, alignment: 4096)
        place(.blobTrailer, try NewcHeader.trailer.encoded(inode: 0))
        let initrd = range(.initramfs).lowerBound..<range(.blobTrailer).upperBound
        sections.append((".initrd", initrd))
        bytes = Self.padded(bytes, to: 4096)
        manifestRange = range(.manifest)
        writeSetup()
        bytes.replaceSubrange(
            Self.setupByteCount + 0x40..<Self.setupByteCount + 0xc0, with: record.encoded())
        try writeManifest()
    }

    func range(_ name: PartName) -> Range<Int> {
        parts.first { $0.name == name }!.range
    }

    /// Recomputes the manifest after a change to the parts that is to go unnoticed.
    mutating func writeManifest(_ change: (inout Manifest) -> Void = { _ in }) throws {
        var manifest = self.manifest
        change(&manifest)
        let text = Self.padded(manifest.encoded(), to: 4096)
        guard text.count == manifestRange.count else {
            throw TestFailure("the manifest of \(text.count) bytes needs more room")
        }
        bytes.replaceSubrange(manifestRange, with: text)
    }

    /// Changes text of a part; the manifest's digests stay what they were.
    mutating func replace(_ old: String, by new: String, in part: PartName) throws {
        let range = range(part)
        guard let start = bytes[range].firstRange(of: Array(old.utf8))?.lowerBound,
            new.utf8.count == old.utf8.count
        else { throw TestFailure("no '\(old)' of that length in \(part.rawValue)") }
        bytes.replaceSubrange(start..<start + new.utf8.count, with: Array(new.utf8))
    }

    func write(to directory: TemporaryDirectory, _ name: String = "image") throws -> String {
        try Data(bytes).write(to: directory.url(name))
        return directory.path(name)
    }

    /// Bytes without a pattern, the same ones every time.
    static func noise(byteCount: Int, seed: UInt64) -> Bytes {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        return (0..<byteCount).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 32)
        }
    }
}

extension SyntheticImage {
    private mutating func place(
        _ name: PartName, _ content: Bytes, alignment: Int = 512, section: String? = nil
    ) {
        bytes = Self.padded(bytes, to: alignment)
        let range = bytes.count..<bytes.count + content.count
        bytes += content
        parts.append(ImagePart(name: name, range: range))
        if let section { sections.append((section, range)) }
    }

    private static func padded(_ bytes: Bytes, to alignment: Int) -> Bytes {
        bytes + Bytes(repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
    }

    private static func initramfs() throws -> Bytes {
        var archive = NewcArchive()
        try archive.appendFile(
            "init", permissions: 0o755, content: noise(byteCount: 700, seed: 6))
        return try archive.finish()
    }

    private static func settings(_ blob: BlobDescription) throws -> Bytes {
        var archive = NewcArchive()
        try archive.appendFile("bake/manifest", content: blob.guestManifest.encoded)
        try archive.appendFile("bake/rumpconfig.json", content: configuration)
        return try archive.finish()
    }

    private static func description(of blob: Bytes) -> BlobDescription {
        BlobDescription(
            kind: .squashfs, compression: "zstd", byteCount: blob.count,
            dataByteCount: squashfs.count, digest: nil,
            verity: VerityDescription(
                rootHash: hash(of: hashes), salt: salt, dataBlockCount: 3, hashStartBlock: 3))
    }

    private static let salt = Bytes(repeating: 0, count: 32)

    /// The one block of a dm-verity tree over three.
    private static let hashes: Bytes = {
        let data = padded(squashfs, to: 4096)
        let hashes = stride(from: 0, to: data.count, by: 4096).flatMap { start in
            hash(of: Array(data[start..<start + 4096])).bytes
        }
        return padded(hashes, to: 4096)
    }()

    private static func hash(of block: Bytes) -> ContentDigest { .of(salt + block) }

    private var record: BootRecord {
        func payload(_ range: Range<Int>) -> Range<Int> {
            range.lowerBound - Self.setupByteCount..<range.upperBound - Self.setupByteCount
        }
        let commandLine = range(.commandLine)
        let initramfs = range(.initramfs).lowerBound
        return BootRecord(
            leavesBlobInPlace: true, payloadByteCount: bytes.count - Self.setupByteCount,
            manifest: payload(manifestRange),
            commandLine: payload(commandLine.lowerBound..<commandLine.upperBound - 1),
            kernel: payload(range(.kernel)),
            ramdisk: payload(initramfs..<range(.room).upperBound), blob: payload(range(.blob)),
            fullRamdiskByteCount: range(.blobTrailer).upperBound - initramfs,
            inPlaceMemoryByteCount: 1 << 26, ramdiskMemoryByteCount: 1 << 27)
    }

    private var manifest: Manifest {
        Manifest(
            bakeVersion: "0", architecture: "x86_64", kernelVersion: "6.1.0-test",
            efiStubVersion: "252", blob: Self.description(of: Array(bytes[range(.blob)])),
            memory: Manifest.MemoryNeeds(
                inPlaceByteCount: 1 << 26, ramdiskByteCount: 1 << 27, uefiByteCount: 1 << 28),
            parts: parts.filter(\.name.hasDigestInManifest).map { part in
                Manifest.DigestedPart(
                    part: part,
                    digest: part.name == .blob
                        ? nil : ContentDigest.of(Array(bytes[part.range])))
            })
    }

    /// The fields that the reader and UEFI look at; where they stand is in the PE format's page.
    private mutating func writeSetup() {
        func put(_ number: some FixedWidthInteger & UnsignedInteger, _ offset: Int) {
            withUnsafeBytes(of: number.littleEndian) { field in
                bytes.replaceSubrange(offset..<offset + field.count, with: field)
            }
        }
        put(UInt16(0x5a4d), 0)  // MZ
        put(UInt32(Self.headerOffset), 0x3c)
        put(UInt8(Self.setupByteCount / 512 - 1), 0x1f1)
        put(UInt16(0xaa55), 0x1fe)
        put(UInt32(0x5372_6448), 0x202)  // HdrS
        put(UInt32(0x4550), Self.headerOffset)  // PE
        put(UInt16(0x8664), Self.headerOffset + 4)
        put(UInt16(sections.count), Self.headerOffset + 6)
        put(UInt16(240), Self.headerOffset + 20)
        put(UInt16(0x20b), Self.optionalOffset)
        put(UInt32(16), Self.optionalOffset + 108)
        for (index, section) in sections.enumerated() {
            let entry = Self.optionalOffset + 240 + 40 * index
            for (position, byte) in section.name.utf8.enumerated() { put(byte, entry + position) }
            put(UInt32(section.range.count), entry + 8)
            put(UInt32((section.range.count + 511) / 512 * 512), entry + 16)
            put(UInt32(section.range.lowerBound), entry + 20)
        }
    }
}
