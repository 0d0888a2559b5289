import BakeContract
import Foundation
import Images
import TestSupport
import Testing

@Suite struct NewcArchiveTests {
    static func sample() throws -> Bytes {
        var archive = NewcArchive()
        try archive.append(.directory("bake"))
        try archive.appendFile("bake/five", permissions: 0o600, content: Array("12345".utf8))
        try archive.append(.characterDevice("bake/console", permissions: 0o600, major: 5, minor: 1))
        return try archive.finish()
    }

    @Test func aHeaderIsAsTheKernelDocumentsIt() throws {
        let header = try NewcHeader.file("init", permissions: 0o755, contentByteCount: 0x1234)
            .encoded(inode: 7)
        let zero = "00000000"
        #expect(
            String(decoding: header, as: UTF8.self)
                == "07070100000007000081ED\(zero)\(zero)00000001\(zero)00001234"
                + "\(zero)\(zero)\(zero)\(zero)00000005\(zero)init\0\0")
        #expect(header.count % 4 == 0)
    }

    @Test(arguments: [16, 512, 4096])
    func aHeaderCanEndAligned(alignment: Int) throws {
        let header = NewcHeader.file("bake/blob", contentByteCount: 1)
        let bytes = try header.encodedEnding(atMultipleOf: alignment)
        #expect(bytes.count % alignment == 0)
        let plain = try header.encoded(inode: 1)
        #expect(Array(bytes.suffix(plain.count)) == plain)
        #expect(bytes.prefix { $0 == 0 }.count % 4 == 0)
    }

    @Test func readsWhatItWroteWithZerosBetweenArchives() throws {
        let archive = try Self.sample()
        let twice = archive + Bytes(repeating: 0, count: 516) + archive + [0, 0]
        let members = try NewcArchive.members(in: twice, of: .settings)
        let names = ["bake", "bake/five", "bake/console"]
        #expect(members.map { String(decoding: $0.header.name, as: UTF8.self) } == names + names)
        #expect(members[1].header.mode == 0o100600)
        #expect(Array(twice[members[4].content]) == Array("12345".utf8))
        #expect(members[2].header.deviceMajor == 5)
    }

    @Test func cpioReadsIt() throws {
        let directory = try TemporaryDirectory()
        try Data(Self.sample()).write(to: directory.url("a.cpio"))
        let listing = try runProcess(
            ["cpio", "-itv", "--quiet", "-F", directory.path("a.cpio")],
            environment: ["TZ": "UTC", "LC_ALL": "C"])
        #expect(listing.status == 0)
        let lines = listing.stdoutText.split(separator: "\n").map { line in
            line.split(separator: " ").joined(separator: " ")
        }
        #expect(
            lines == [
                "drwxr-xr-x 2 root root 0 Jan 1 1970 bake",
                "-rw------- 1 root root 5 Jan 1 1970 bake/five",
                "crw------- 1 root root 5, 1 Jan 1 1970 bake/console",
            ])
    }

    @Test func hostileBytesAreRefusedAndNeverTrap() throws {
        let archive = try Self.sample()
        for byteCount in 1..<archive.count where byteCount % 3 != 0 {
            #expect(throws: ImageError.self, "cut after \(byteCount)") {
                try NewcArchive.members(in: Array(archive.prefix(byteCount)), of: .settings)
            }
        }
        for offset in archive.indices {
            for byte: UInt8 in [0x00, 0x2b, 0x46, 0xff] {
                var damaged = archive
                damaged[offset] = byte
                // Whether a changed byte is an error depends on where it stands; a range outside
                // the bytes never comes back.
                let members = try? NewcArchive.members(in: damaged, of: .settings)  // refused
                #expect(members?.allSatisfy { $0.content.upperBound <= damaged.count } ?? true)
            }
        }
    }
}
