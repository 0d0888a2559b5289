import SystemPackage
import TestSupport
import Testing
import Trees

@testable import Blobs

/// What a newc archive, or the kernel as it unpacks one, cannot hold is refused by name before
/// anything is written, or said.
@Suite struct NewcRefusalTests {
    private func message(_ body: (inout Layer) throws -> Void) throws -> String {
        var layer = Layer(name: "l")
        try body(&layer)
        let tree = try MergedTree.overlay([layer])
        let error = #expect(throws: BlobError.self) { try NewcTests.write(tree) }
        return error?.description ?? ""
    }

    private func path(_ nameByteCounts: [Int]) -> TreePath {
        nameByteCounts.reduce(.root) { $0.appending(Bytes(repeating: 0x70, count: $1)) }
    }

    /// 4 GiB is one more than the field of eight digits holds; GNU cpio leaves such files out.
    @Test func row24AFileOfFourGibibytes() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.directory("in")])
        for (name, byteCount) in [("in/fits", UInt64(UInt32.max)), ("in/over", 1 << 32)] {
            try directory.make([.sparseFile(HostName(name), byteCount: Int(byteCount), end: "")])
        }
        let layer = try Layer.scan(directory: FilePath(directory.path("in")), name: "in")
        let tree = try MergedTree.overlay([layer])
        let output = directory.path("out")
        let file = try FileDescriptor.open(
            FilePath(output), .readWrite, options: [.create], permissions: .ownerReadWrite)
        defer { try? file.close() }  // a test's file
        try file.writeAll(Bytes("old".utf8))
        let error = #expect(throws: BlobError.self) {
            try Newc.write(tree, to: file, options: Newc.Options(StreamCompression(.zstd)))
        }
        #expect(error == .fileTooLarge("over", byteCount: 1 << 32))
        #expect(
            error?.description.hasPrefix(
                "cannot store '/over': it has 4294967296 bytes, a file of an initrd can have "
                    + "4294967295\n") == true)
        #expect(try runProcess(["cat", output]).stdoutText == "old", "nothing was written")
    }

    @Test func names() throws {
        let longName = try message { $0.add(.file([]), at: path([256])) }
        #expect(longName.hasSuffix("its name has 256 bytes, the limit is 255"), "\(longName)")
        // 15 names of 255 bytes with their slashes are 3839 bytes.
        let names = [Int](repeating: 255, count: 15)
        var fitting = Layer(name: "l")
        fitting.add(.file([]), at: path(names + [255]))
        _ = try NewcTests.write(MergedTree.overlay([fitting]))
        let tooLong = try message { $0.add(.file([]), at: path(names + [254, 1])) }
        #expect(
            tooLong.hasSuffix(
                "its path has 4096 bytes, the kernel unpacks up to 4095 from an initrd"),
            "\(tooLong)")
    }

    @Test func theNameOfTheEnd() throws {
        let text = try message { $0.add(.file([1]), at: "TRAILER!!!") }
        #expect(text.hasPrefix("cannot store '/TRAILER!!!': that name ends a newc archive\n"))
        var layer = Layer(name: "l")
        layer.add(.file([1]), at: "d/TRAILER!!!")
        _ = try NewcTests.write(MergedTree.overlay([layer]))
    }

    @Test func targetsAndDevices() throws {
        let target = try message {
            $0.add(.symlink(to: Bytes(repeating: 0x78, count: 4096)), at: "l")
        }
        #expect(target.hasSuffix("its target has 4096 bytes, allowed are 1 to 4095"), "\(target)")
        let device = try message {
            $0.add(
                Node(.characterDevice(.init(major: 4096, minor: 0)), permissions: 0o600), at: "c")
        }
        #expect(device.contains("device 4096:0 is beyond 4095:1048575"), "\(device)")
    }

    @Test func extendedAttributes() throws {
        var carrier = Node.file([1])
        carrier.xattrs = [.init(name: Bytes("security.capability".utf8), value: [1])]
        var layer = Layer(name: "l")
        layer.add(carrier, at: "bin/ping")
        layer.link("bin/again", to: "bin/ping")
        layer.add(carrier, at: "bin/tracepath")
        let tree = try MergedTree.overlay([layer])
        let error = #expect(throws: BlobError.self) { try NewcTests.write(tree) }
        #expect(
            error?.description == """
                cannot store '/bin/again': an initrd has no place for extended attributes \
                (security.capability), which 2 files have
                  hint: --drop-xattrs leaves them out
                """)
        let dropped = try NewcTests.write(tree) { $0.dropsXattrs = true }
        #expect(dropped.blob.notes == [.xattrsLeftOut(first: "bin/again", count: 2)])
    }

    @Test func timesBeyondTheFormatAreClampedWithANote() throws {
        var layer = Layer(name: "l")
        layer.add(.file([1], mtimeSeconds: -1), at: "before")
        layer.add(.file([1], mtimeSeconds: 1 << 32), at: "behind")
        let written = try NewcTests.write(MergedTree.overlay([layer]))
        #expect(written.blob.notes == [.timesClamped(first: "before", count: 2)])
        let listed = try runProcess([
            "bsdtar", "-cf", "-", "--format=mtree", "--options", "mtree:!all,time",
            "@\(written.path)",
        ])
        #expect(listed.stdoutText.contains("./before time=0.0"), "\(listed.stdoutText)")
        #expect(listed.stdoutText.contains("./behind time=4294967295.0"))
    }
}
