import BakeContract
import Images
import Testing

@Suite struct ManifestTests {
    static let digest = ContentDigest.of(Array("content".utf8))
    static let manifest = Manifest(
        bakeVersion: "0.1", architecture: "x86_64", kernelVersion: "6.1.0", efiStubVersion: "252",
        blob: BlobDescription(
            kind: .squashfs, compression: "zstd", byteCount: 12288, dataByteCount: 4096,
            digest: nil,
            verity: VerityDescription(
                rootHash: digest, salt: Bytes(repeating: 0, count: 32), dataBlockCount: 1,
                hashStartBlock: 1)),
        memory: Manifest.MemoryNeeds(
            inPlaceByteCount: 1 << 26, ramdiskByteCount: 1 << 27, uefiByteCount: 1 << 28),
        parts: [
            Manifest.DigestedPart(
                part: ImagePart(name: .setup, range: 0..<4096), digest: digest),
            Manifest.DigestedPart(
                part: ImagePart(name: .blob, range: 8192..<20480), digest: nil),
        ])

    @Test func theFirstLineHasALengthAndADigest() {
        let bytes = Self.manifest.encoded()
        let json = Array(bytes.dropFirst(92))
        let line = String(decoding: bytes.prefix(92), as: UTF8.self)
        let length = String(json.count)
        let zeros = String(repeating: "0", count: 10 - length.count)
        #expect(line == "bake-manifest 1 \(zeros)\(length) \(ContentDigest.of(json).hex)\n")
    }

    @Test func theJSONIsAsDocumented() {
        let hex = Self.digest.hex
        let json = String(decoding: Self.manifest.encoded().dropFirst(92), as: UTF8.self)
        let salt = String(repeating: "0", count: 64)
        #expect(
            json == """
                {"architecture":"x86_64","bake":"0.1","blob":{"byteCount":12288,\
                "compression":"zstd","dataByteCount":4096,"kind":"squashfs","sha256":null,\
                "verity":{"dataBlockCount":1,"hashStartBlock":1,"rootHash":"\(hex)",\
                "salt":"\(salt)"}},"efiStub":{"version":"252"},"format":2,\
                "kernel":{"version":"6.1.0"},\
                "memory":{"inPlace":67108864,"ramdisk":134217728,"uefi":268435456},\
                "parts":[{"byteCount":4096,"name":"setup","offset":0,"sha256":"\(hex)"},\
                {"byteCount":12288,"name":"blob","offset":8192,"sha256":null}]}
                """)
    }

    @Test func readsWhatItWrote() throws {
        let bytes = Self.manifest.encoded()
        #expect(try Manifest(decoding: bytes) == Self.manifest)
        #expect(try Manifest(decoding: bytes + Bytes(repeating: 0, count: 99)) == Self.manifest)
        var tar = Self.manifest
        tar.blob.kind = .tar
        tar.blob.verity = nil
        tar.blob.digest = Self.digest
        tar.parts[1].digest = Self.digest
        #expect(try Manifest(decoding: tar.encoded()) == tar)
    }

    @Test func packagesAreSortedAndAbsentWhenThereAreNone() throws {
        var manifest = Self.manifest
        #expect(manifest.json["packages"] == nil)
        let packages = [
            Manifest.Package(name: "nginx", version: "1.22.1-9", architecture: "amd64"),
            Manifest.Package(name: "libc6", version: "2.36-9", architecture: "amd64"),
            Manifest.Package(name: "libc6", version: "2.36-9", architecture: "i386"),
        ]
        manifest = Manifest(
            bakeVersion: manifest.bakeVersion, architecture: manifest.architecture,
            kernelVersion: manifest.kernelVersion, efiStubVersion: manifest.efiStubVersion,
            blob: manifest.blob, memory: manifest.memory, packages: packages.reversed(),
            parts: manifest.parts)
        #expect(manifest.packages.map(\.name) == ["libc6", "libc6", "nginx"])
        #expect(manifest.packages.map(\.architecture) == ["amd64", "i386", "amd64"])
        let text = String(decoding: manifest.encoded(), as: UTF8.self)
        #expect(
            text.contains(
                #""packages":[{"architecture":"amd64","name":"libc6","version":"2.36-9"},"#))
        #expect(try Manifest(decoding: manifest.encoded()) == manifest)
    }

    @Test func anyFlippedBitIsFound() {
        let bytes = Self.manifest.encoded()
        for offset in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[offset] ^= 1 << UInt8(bit)
                #expect(throws: ImageError.self, "bit \(bit) of byte \(offset)") {
                    try Manifest(decoding: damaged)
                }
            }
        }
    }

    @Test func anyMissingEndIsFound() {
        let bytes = Self.manifest.encoded()
        for byteCount in 0..<bytes.count {
            #expect(throws: ImageError.self) {
                try Manifest(decoding: Array(bytes.prefix(byteCount)))
            }
        }
    }

    /// Valid digest, content that cannot be: the second text takes the place of the first.
    @Test(arguments: [
        ("\"format\":2", "\"format\":1", FormatFlaw.unsupportedVersion(1)),
        ("\"format\":2", "\"format\":1.5", .badField("format")),
        ("\"kind\":\"squashfs\"", "\"kind\":\"tar\"", .badField("blob.sha256")),
        ("\"verity\":{", "\"verity\":null,\"x\":{", .badField("blob.verity")),
        (
            "\"offset\":0,\"sha256\":\"", "\"offset\":0,\"sha256\":null,\"x\":\"",
            .badField("parts[0].sha256")
        ),
        ("\"kind\":\"squashfs\"", "\"kind\":\"ext4\"", .badField("blob.kind")),
        ("\"kind\":\"squashfs\"", "\"kind\":7", .badField("blob.kind")),
        ("\"dataByteCount\":4096", "\"dataByteCount\":12289", .badField("blob.dataByteCount")),
        ("\"dataByteCount\":4096", "\"dataByteCount\":-1", .badField("blob.dataByteCount")),
        ("\"hashStartBlock\":1", "\"hash\":1", .badField("blob.verity.hashStartBlock")),
        ("\"salt\":\"00", "\"salt\":\"0", .badField("blob.verity.salt")),
        ("\"salt\":\"00", "\"salt\":\"0A", .badField("blob.verity.salt")),
        ("\"name\":\"blob\"", "\"name\":\"room\"", .badField("parts[1].name")),
        ("\"name\":\"blob\"", "\"name\":\"setup\"", .badField("parts[1].sha256")),
        ("\"offset\":8192", "\"offset\":4095", .badField("parts[1].offset")),
        (
            "\"offset\":8192", "\"offset\":9223372036854775807",
            .badField("parts[1].offset")
        ),
        ("\"parts\":[", "\"parts\":7,\"x\":[", .badField("parts")),
        ("{\"architecture\"", "{\"kernel\":{},\"architecture\"", .badField("JSON")),
    ])
    func refusesFieldsThatCannotBe(old: String, new: String, flaw: FormatFlaw) {
        let text = String(decoding: Self.manifest.encoded().dropFirst(92), as: UTF8.self)
        let json = Array(text.replacing(old, with: new).utf8)
        let digits = String(10_000_000_000 + json.count).dropFirst()
        let line = "bake-manifest 1 \(digits) \(ContentDigest.of(json).hex)\n"
        #expect(throws: ImageError.malformed(part: .manifest, flaw: flaw)) {
            try Manifest(decoding: Array(line.utf8) + json)
        }
    }
}
