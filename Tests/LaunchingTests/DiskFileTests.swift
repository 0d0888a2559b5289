import BakeContract
import Foundation
import Launching
import SystemPackage
import TestSupport
import Testing

@Suite struct DiskFileTests {
    @Test(
        arguments: [
            ("a.img", "a.img", nil, "null"),
            ("a b.img,/data", "a b.img", nil, #"{"mountpoint":"/data","path":"/dev/vda"}"#),
            (
                "raw:a,/d,xfs", "a", .raw, #"{"fstype":"xfs","mountpoint":"/d","path":"/dev/vda"}"#
            ),
            (
                "qcow2:a,/d,,ro,noatime", "a", .qcow2,
                #"{"mountpoint":"/d","options":"ro,noatime","path":"/dev/vda"}"#
            ),
            ("qcow:a", "qcow:a", nil, "null"),
        ] as [(String, String, DiskFile.Format?, String)])
    func parses(text: String, path: String, format: DiskFile.Format?, entry: String) throws {
        let disk = try DiskFile(parsing: text)
        #expect(disk.path == FilePath(path))
        #expect(disk.format == format)
        let found = disk.entry(at: 0).map { String(decoding: $0.compactText, as: UTF8.self) }
        #expect((found ?? "null") == entry)
    }

    @Test(arguments: ["", ",/data", "raw:", "a,data", "a,"])
    func refuses(text: String) {
        #expect(throws: LaunchError.badDisk(text)) { try DiskFile(parsing: text) }
    }

    @Test(arguments: [(0, "vda"), (25, "vdz"), (26, "vdaa"), (27, "vdab"), (701, "vdzz")])
    func disksAreNamedAsTheKernelDoes(position: Int, name: String) throws {
        let entry = try DiskFile(parsing: "a,/d").entry(at: position)
        #expect(entry?["path"]?.string == Bytes("/dev/\(name)".utf8))
    }

    /// A guest that turned its raw disk into a qcow2 must not choose what QEMU opens next.
    @Test func formatsAreFoundOut() throws {
        let directory = try TemporaryDirectory()
        let script = """
            truncate -s 1M raw.img
            qemu-img convert -O qcow2 raw.img plain.qcow2
            qemu-img create -q -f qcow2 -b raw.img -F raw backed.qcow2
            qemu-img create -q -f qcow2 -o data_file=data.raw,data_file_raw=on apart.qcow2 1M
            """
        let made = try runProcess(["sh", "-ec", script], in: directory.path)
        #expect(made.status == 0, "\(made.stderrText)")
        func examined(_ text: String) throws -> DiskFile {
            try DiskFile(parsing: text).examined()
        }
        #expect(try examined(directory.path("raw.img")).format == .raw)
        #expect(try examined(directory.path("plain.qcow2")).format == .qcow2)
        for name in ["backed.qcow2", "apart.qcow2"] {
            let path = directory.path(name)
            #expect(throws: LaunchError.cannotUseDisk(path: FilePath(path), .namesOtherFiles)) {
                try examined(path)
            }
            #expect(try examined("qcow2:\(path)").format == .qcow2)
        }
    }

    @Test func whatCannotBeADiskIsSaid() throws {
        let directory = try TemporaryDirectory()
        let missing = directory.path("none")
        #expect(
            throws: LaunchError.cannotUseDisk(
                path: FilePath(missing), .failed(.noSuchFileOrDirectory))
        ) {
            try DiskFile(parsing: missing).examined()
        }
        #expect(throws: LaunchError.cannotUseDisk(path: "/dev/null", .notAFile)) {
            try DiskFile(parsing: "/dev/null").examined()
        }
        #expect(
            throws: LaunchError.cannotUseDisk(path: FilePath(directory.path), .failed(.isDirectory))
        ) {
            try DiskFile(parsing: directory.path).examined()
        }
    }
}
