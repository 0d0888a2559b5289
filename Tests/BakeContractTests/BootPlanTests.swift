import BakeContract
import Foundation
import Testing

extension GuestManifest {
    static let digits = String(repeating: "0a", count: 32)

    static var squashfs: GuestManifest {
        GuestManifest(
            blobKind: .squashfs, blobByteCount: 8192, blobDigest: nil,
            verity: VerityParameters(
                dataBlockCount: 1, hashStartBlock: 1, rootHash: Bytes(digits), salt: []))
    }

    static var tar: GuestManifest {
        GuestManifest(
            blobKind: .tar, blobByteCount: 8192, blobDigest: Bytes(digits), verity: nil)
    }
}

extension BootFacts {
    static var file: BootFacts {
        BootFacts(blob: .file(path: Bytes("/bake/blob"), byteCount: 8192))
    }

    static var memory: BootFacts {
        BootFacts(blob: .persistentMemory(path: Bytes("/dev/pmem0"), byteCount: 2 << 20))
    }
}

@Suite("Boot plans")
struct BootPlanTests {
    @Test(
        "from blob to root",
        arguments: [
            (
                GuestManifest.squashfs, BootFacts.memory, "on",
                """
                set up dm-verity over /dev/pmem0, root hash \(GuestManifest.digits)
                mount the root file system from the verity device
                lay a writable layer in memory over it
                """
            ),
            (
                .squashfs, .memory, "off",
                """
                mount the root file system from /dev/pmem0
                lay a writable layer in memory over it
                """
            ),
            (
                .squashfs, .file, "off",
                """
                attach a loop device to /bake/blob
                mount the root file system from the loop device
                lay a writable layer in memory over it
                """
            ),
            (
                .tar, .file, "on",
                """
                check the digest of the 8192 bytes of /bake/blob
                unpack /bake/blob into memory
                """
            ),
            (.tar, .memory, "off", "unpack /dev/pmem0 into memory"),
        ] as [(GuestManifest, BootFacts, String, String)])
    func root(manifest: GuestManifest, facts: BootFacts, verify: String, expected: String) throws {
        let plan = try BootPlan.make(manifest, facts, configuration(verify), published: [])
        let text = plan.text.text
        #expect(text.components(separatedBy: "\nswitch to the new root\n").first == expected)
    }

    @Test(
        "no plan without the whole blob",
        arguments: [
            (BlobLocation.missing, BootPlanError.blobMissing, GuestStatus.blobMissing),
            (
                .file(path: [], byteCount: 8191), .blobLength(expected: 8192, found: 8191),
                .blobLength
            ),
            (
                .file(path: [], byteCount: 8193), .blobLength(expected: 8192, found: 8193),
                .blobLength
            ),
            (
                .persistentMemory(path: [], byteCount: 8191),
                .blobLength(expected: 8192, found: 8191), .blobLength
            ),
        ])
    func refusal(blob: BlobLocation, expected: BootPlanError, status: GuestStatus) throws {
        let configuration = try configuration("on")
        #expect(throws: expected) {
            try BootPlan.make(.squashfs, BootFacts(blob: blob), configuration, published: [])
        }
        #expect(expected.status == status)
    }

    @Test("no plan without a program")
    func noProgram() {
        #expect(throws: BootPlanError.noProgram) {
            try BootPlan.make(.squashfs, .file, Configuration(), published: [])
        }
    }

    /// And finds the host name where it looks for it.
    @Test("init takes the place of PID 1, and nothing comes behind it")
    func initProgram() throws {
        let text = "{\"init\":\"/lib/systemd/systemd --system\",\"hostname\":\"box\"}"
        let effective = try EffectiveConfiguration.making(Bytes(text), file: [])
        let plan = try BootPlan.make(.squashfs, .file, effective.configuration, published: [])
        #expect(plan.text.text.hasSuffix("\nhand over to /lib/systemd/systemd --system;\n"))
        let named = plan.steps.contains { step in
            guard case .writeFile(let file) = step else { return false }
            return file.path == Bytes("/etc/hostname") && file.contents == Bytes("box\n")
        }
        #expect(named, "\(plan.text.text)")
    }

    @Test("a guest manifest reads back", arguments: [GuestManifest.squashfs, .tar])
    func manifest(manifest: GuestManifest) throws {
        #expect(try GuestManifest.parse(manifest.encoded) == manifest)
        let text = manifest.encoded
        for length in text.indices {
            #expect(throws: ManifestError.self) {
                try GuestManifest.parse(Bytes(text[..<length]))
            }
        }
        #expect(throws: ManifestError.self) { try GuestManifest.parse(text + Bytes("\n")) }
    }

    @Test(
        "a wrong line of a guest manifest is named",
        arguments: [
            ("bake-guest 2\n", 1, ManifestError.Problem.badValue),
            ("bake-guest 1\nblob-bytes 1\n", 2, .unexpectedLine),
            ("bake-guest 1\nblob-kind iso\n", 2, .badValue),
            ("bake-guest 1\nblob-kind tar\nblob-bytes 18446744073709551616\n", 3, .badValue),
            ("bake-guest 1\nblob-kind tar\nblob-bytes 01\n", 3, .badValue),
            ("bake-guest 1\nblob-kind tar\nblob-bytes 1\nblob-sha256 0A\n", 4, .badValue),
        ])
    func damagedManifest(text: String, line: Int, problem: ManifestError.Problem) {
        #expect(throws: ManifestError(line: line, problem: problem)) {
            try GuestManifest.parse(Bytes(text))
        }
    }

    private func configuration(_ verify: String) throws -> Configuration {
        let text = "{\"cmdline\":\"a\",\"verify\":\"\(verify)\"}"
        return try EffectiveConfiguration.making(Bytes(text), file: []).configuration
    }
}
