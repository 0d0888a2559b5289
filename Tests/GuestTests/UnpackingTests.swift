import BakeContract
import Foundation
import TestSupport
import Testing

@testable import bake_init

/// Archives of programs we did not write, unpacked by PID 1's code and compared file by file.
@Suite struct UnpackingTests {
    struct Writer: Sendable, CustomTestStringConvertible {
        let name: String
        let command: String
        /// What the format holds of a time: nanoseconds, or whole seconds.
        let hasNanoseconds: Bool
        let hasAttributes: Bool
        /// libarchive writes a quarter second before 1970 as `-1.25`, and so on.
        var hasOddPast = false

        var testDescription: String { name }
    }

    static let writers = [
        Writer(
            name: "GNU tar, pax", command: "tar --format=pax --xattrs -cf", hasNanoseconds: true,
            hasAttributes: true),
        Writer(
            name: "GNU tar, gnu", command: "tar --format=gnu -cf", hasNanoseconds: false,
            hasAttributes: false),
        Writer(
            name: "bsdtar, pax", command: "bsdtar --format=pax --no-read-sparse --xattrs -cf",
            hasNanoseconds: true, hasAttributes: true, hasOddPast: true),
    ]

    /// Made by a shell, so that nothing of ours stands between the tree and what is expected.
    static let makeTree = """
        set -e
        umask 022
        mkdir -p 'in/usr/bin' in/empty in/closed in/deep
        echo 'plain' > in/usr/bin/plain
        : > in/usr/bin/nothing
        head -c 6000000 /dev/urandom > in/random
        truncate -s 300000 in/holes; echo end >> in/holes
        ln -s usr/bin in/bin
        ln -s "$(printf '%0200d' 7)" in/long-link
        ln in/usr/bin/plain in/hard
        ln -P in/bin in/hard-link-to-link
        mkfifo -m 0610 in/pipe
        chmod 4755 in/usr/bin/plain
        chmod 2751 in/deep
        d=in/deep
        for i in 1 2 3; do d="$d/$(printf '%080d' $i)"; mkdir "$d"; done
        echo far > "$d/$(printf '%0250d' 8)"
        printf odd > "$(printf 'in/\\377\\012odd')"
        printf 'gruen' > 'in/gr\u{fc}n'
        setfattr -n user.note -v 'two words' in/random
        setfattr -n user.empty in/usr
        touch -d '1969-12-31 23:59:58.250 UTC' in/usr/bin/nothing
        touch -d '2300-01-01 00:00:00 UTC' in/empty
        chmod 0511 in/closed
        touch -d '2001-02-03 04:05:06.123456789 UTC' in/deep in/closed in/usr in
        touch -h -d '2002-01-01 UTC' in/bin
        """

    /// Everything that lstat, readlink and listxattr tell of a tree, by path in hexadecimal.
    private static let describe = """
        import hashlib, json, os, stat, sys
        root = os.fsencode(sys.argv[1]); found = {}; inodes = {}
        paths = [b'.']
        for d, ds, fs in os.walk(root):
            paths += [os.path.relpath(os.path.join(d, n), root) for n in ds + fs]
        for p in sorted(paths):
            full = os.path.join(root, p); s = os.lstat(full)
            text = '%o %d %d %d' % (s.st_mode, s.st_uid, s.st_gid, s.st_mtime_ns)
            if stat.S_ISREG(s.st_mode):
                text += ' ' + hashlib.sha256(open(full, 'rb').read()).hexdigest()
            if stat.S_ISLNK(s.st_mode): text += ' ' + os.readlink(full).hex()
            if stat.S_ISBLK(s.st_mode) or stat.S_ISCHR(s.st_mode): text += ' %x' % s.st_rdev
            if not stat.S_ISDIR(s.st_mode):
                text += ' =' + inodes.setdefault(s.st_ino, p).hex()
            for x in sorted(os.listxattr(full, follow_symlinks=False)):
                text += ' %s=%s' % (x, os.getxattr(full, x, follow_symlinks=False).hex())
            found[p.hex()] = text
        json.dump(found, sys.stdout)
        """

    static func description(of directory: String) throws -> [String: String] {
        let result = try runProcess(["python3", "-c", describe, directory])
        try #require(result.status == 0, "\(result.stderrText)")
        return try JSONDecoder().decode([String: String].self, from: result.stdout)
    }

    static func shell(_ script: String, in directory: TemporaryDirectory) throws {
        let result = try runProcess(["bash", "-c", script], in: directory.path)
        try #require(result.status == 0, "\(result.stderrText)")
    }

    static func unpack(
        _ name: String, in directory: TemporaryDirectory, byteCount: UInt64? = nil
    ) throws -> UnpackReport {
        try FileManager.default.createDirectory(
            atPath: directory.path("out"), withIntermediateDirectories: true)
        let size = try Data(contentsOf: directory.url(name)).count
        return try unpackArchive(
            directory.path(name).bytes, byteCount: byteCount ?? UInt64(size),
            into: directory.path("out").bytes, geteuid() == 0 ? .everything : .unprivileged)
    }

    @Test(arguments: writers)
    func treesComeThroughWhole(writer: Writer) throws {
        let directory = try TemporaryDirectory()
        try Self.shell(Self.makeTree, in: directory)
        if !writer.hasNanoseconds {
            try Self.shell(
                "find in -depth -exec touch -h -d '2001-02-03 04:05:06 UTC' {} +", in: directory)
        }
        if writer.hasOddPast {
            try Self.shell("touch -d '1969-12-31 23:59:58 UTC' in/usr/bin/nothing", in: directory)
        }
        if !writer.hasAttributes {
            try Self.shell(
                """
                setfattr -x user.note in/random; setfattr -x user.empty in/usr
                touch -d '2001-02-03 04:05:06 UTC' in/random in/usr
                """, in: directory)
        }
        try Self.shell(
            "\(writer.command) a.tar -C in . && lz4 -q -BD -B4 a.tar a.tar.lz4", in: directory)
        let report = try Self.unpack("a.tar.lz4", in: directory)
        #expect(report.memberCount > 15)
        #expect(report.droppedAttributeCount == 0)
        let expected = try Self.description(of: directory.path("in"))
        let found = try Self.description(of: directory.path("out"))
        #expect(Set(found.keys) == Set(expected.keys))
        for (path, text) in expected { #expect(found[path] == text, "\(path)") }
    }

    /// Zeros behind the frame are padding, anything else is not.
    @Test func paddingIsZeros() throws {
        let directory = try TemporaryDirectory()
        try Self.shell(
            """
            mkdir in; echo a > in/a; tar -cf a.tar -C in .; lz4 -q a.tar a.lz4
            cp a.lz4 padded; truncate -s 8192 padded
            cp padded bad; printf x | dd of=bad bs=1 seek=8000 conv=notrunc status=none
            """, in: directory)
        #expect(try Self.unpack("padded", in: directory).memberCount == 2)
        let error = #expect(throws: UnpackError.self) { try Self.unpack("bad", in: directory) }
        guard case .bytesBehindStream = error else {
            Issue.record("\(error?.description ?? "no error")")
            return
        }
    }

    /// Mounting, owners, devices and capabilities need root, as PID 1 is.
    @Test func ownersDevicesAndCapabilitiesAreRestored() throws {
        try #require(geteuid() == 0, "this test needs root")
        let directory = try TemporaryDirectory()
        try Self.shell(
            """
            set -e
            mkdir in; echo a > in/a; cp /bin/true in/ping; ln -s a in/link
            mknod in/null c 1 3; mknod in/disk b 259 70000; chmod 640 in/disk
            setcap cap_net_raw+ep in/ping 2>/dev/null || setfattr -n security.capability \
                -v 0x0100000200200000000000000000000000000000 in/ping
            setfattr -h -n trusted.note -v yes in/link
            chown -h 1234:5678 in/a in/link in/disk; chown 4000000000:7 in/ping
            chmod 6755 in/a
            setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 in/ping
            tar --format=pax --xattrs --xattrs-include='*' -cf a.tar -C in .
            lz4 -q a.tar a.lz4
            """, in: directory)
        _ = try Self.unpack("a.lz4", in: directory)
        let expected = try Self.description(of: directory.path("in"))
        #expect(try Self.description(of: directory.path("out")) == expected)
    }

    @Test func aFullFileSystemSaysHowMuchIsNeeded() throws {
        try #require(geteuid() == 0, "this test needs root")
        let directory = try TemporaryDirectory()
        try Self.shell(
            """
            set -e
            mkdir in out; head -c 3000000 /dev/zero > in/a; head -c 5000000 /dev/zero > in/b
            tar --format=ustar -cf a.tar -C in .; lz4 -q a.tar a.lz4
            mount -t tmpfs -o size=2m tmpfs out
            """, in: directory)
        defer { umount2(directory.path("out"), Int32(MNT_DETACH)) }
        let error = #expect(throws: UnpackError.self) { try Self.unpack("a.lz4", in: directory) }
        #expect(
            error?.description == "not enough memory to unpack the tree: 8 MB needed")
    }

    @Test func aMissingBlobIsNamed() throws {
        let directory = try TemporaryDirectory()
        let missing = directory.path("missing").bytes
        #expect(throws: UnpackError.cannotOpen(missing, Errno(ENOENT))) {
            try unpackArchive(missing, byteCount: 1, into: directory.path.bytes)
        }
    }
}
