import Foundation
import TestSupport
import Testing

/// Disks of every kind on one machine: found in every way, mounted, written to, and in order when
/// the machine has ended.
@Suite(.serialized)
struct DiskTests {
    private static let xfsUUID = "0badcafe-1111-2222-3333-444444444444"
    private static let partitionUUID = "DEADBEEF-5555-6666-7777-888888888888"

    private static let probe = """
        #!/bin/busybox sh
        bb=/bin/busybox
        for place in data part disc squash erofs xfs inner data/deep/nested bound share; do
            [ -d /$place ] || continue
            type=$($bb awk -v p=/$place '$2 == p { print $3 " " substr($4, 1, 2) }' /proc/mounts)
            echo "$place: $($bb cat /$place/hello) on $type"
            echo "from the guest" 2>/dev/null > /$place/written && echo "$place: written"
        done
        echo "file: $($bb cat /file)"
        { echo x > /new; } 2>/dev/null && echo "the root can be written to"
        $bb dd if=/dev/zero of=/small/zeros bs=1k count=2000 2>/dev/null
        echo "small: $($bb stat -c %s /small/zeros)"
        echo "panic: $($bb cat /proc/sys/kernel/panic)"
        echo "files: $(ulimit -n)"
        echo "configured: $($bb cat /data/configured) $($bb stat -c '%a %u:%g' /data/configured)"
        # Keeps its disk busy until the machine ends.
        $bb sleep 1000 < /data/hello > /xfs/open &
        exit 0

        """

    private static let configuration = """
        {
            "rc": [{"bin": "/bin/probe"}],
            "blk": [
                {"path": "LABEL=data", "fstype": "ext4", "mountpoint": "/data", "options": "noatime"},
                {"path": "PARTUUID=\(partitionUUID)", "fstype": "vfat", "mountpoint": "/part"},
                {"path": "/dev/vdc", "mountpoint": "/disc"},
                {"path": "vdd", "fstype": "squashfs", "mountpoint": "/squash"},
                {"source": "etfs", "path": "xbd4", "fstype": "erofs", "mountpoint": "/erofs"},
                {"path": "UUID=\(xfsUUID)", "fstype": "xfs", "mountpoint": "/xfs"},
                {"source": "vnd", "path": "/srv/inner.img", "mountpoint": "/inner", "options": "ro"},
                {"source": "vnd", "path": "/data/nested.img", "mountpoint": "/data/deep/nested"}SHARE
            ],
            "mounts": [
                {"fstype": "tmpfs", "mountpoint": "/small", "options": "size=1M"},
                {"source": "/srv", "mountpoint": "/bound", "options": "bind,ro"},
                {"source": "/srv/hello", "mountpoint": "/file", "options": "bind"}
            ],
            "files": {"/data/configured": {"content": "by bake", "mode": "0640", "owner": "1:2"}},
            "sysctl": {"kernel.panic": 7},
            "limits": {"nofile": 123},
            "root": "ro"
        }
        """

    /// Everything is made by the file systems' own tools, in the directory it is called in. Of the
    /// ext4's journal the superblock says that it must be replayed.
    private static let disks = """
        set -e
        PATH="$PATH:/usr/sbin:/sbin"
        mkdir tree/srv content data share
        echo hello | tee tree/srv/hello content/hello data/hello share/hello > /dev/null
        mkfs.ext2 -q -d content tree/srv/inner.img 2M
        mkfs.ext2 -q -d content data/nested.img 2M
        mkfs.ext4 -q -L data -d data data.img 32M
        debugfs -w -R 'feature needs_recovery' data.img > /dev/null 2>&1
        truncate -s 8M parts.img fat.img
        printf 'label: gpt\\nstart=2048,size=8192,uuid=\(partitionUUID)\\n' | sfdisk -q parts.img
        truncate -s 4M fat.img
        mkfs.vfat fat.img > /dev/null
        mcopy -i fat.img content/hello ::
        dd if=fat.img of=parts.img bs=1M seek=1 conv=notrunc status=none
        xorriso -as mkisofs -quiet -J -V disc -o disc.iso content 2> /dev/null
        mksquashfs content squash.img -quiet -no-progress > /dev/null
        qemu-img convert -O qcow2 squash.img squash.qcow2
        mkfs.erofs --quiet erofs.img content > /dev/null
        truncate -s 300M xfs.img
        printf '/\\n0 0\\nd--755 0 0\\nhello ---644 0 0 content/hello\\n$\\n' > protofile
        mkfs.xfs -q -m uuid=\(xfsUUID) -p protofile xfs.img
        """

    @Test func disksOfEveryKindAreMountedAndLeftInOrder() throws {
        let scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"), scripts: ["bin/probe": Self.probe])
        try run(Self.disks, in: scratch)
        let share = try SharedDirectory(scratch.path("share"), socket: scratch.path("socket"))
        let shared = #", {"path": "tag", "fstype": "virtiofs", "mountpoint": "/share"}"#
        try scratch.write(
            Self.configuration.replacing("SHARE", with: share == nil ? "" : shared),
            to: "rumpconfig.json")
        let image = scratch.path("app.img")
        let bake = try StagedBake.run([
            "-R", scratch.path("tree"), "-c", scratch.path("rumpconfig.json"), "-o", image,
        ])
        #expect(bake.status == 0, "\(bake.stderrText)")

        let files = ["data.img", "parts.img", "disc.iso", "squash.qcow2", "erofs.img", "xfs.img"]
        let result = try StagedBake.run(
            ["run", "--accel", "tcg"] + files.flatMap { ["-b", scratch.path($0)] }
                + (share?.flags ?? []) + [image])
        #expect(result.status == 0, "\(result.stderrText)")
        let expected = [
            "data: hello on ext4 rw", "data: written", "part: hello on vfat rw", "part: written",
            "disc: hello on iso9660 ro", "squash: hello on squashfs ro",
            "erofs: hello on erofs ro", "xfs: hello on xfs rw", "xfs: written",
            "inner: hello on ext4 ro", "data/deep/nested: hello on ext4 rw",
            "data/deep/nested: written", "bound: hello on overlay ro",
        ]
        let ofShare = share == nil ? [] : ["share: hello on virtiofs rw", "share: written"]
        #expect(
            result.stdoutText.split(separator: "\n").map(String.init)
                == expected + ofShare + [
                    "file: hello", "small: 1048576", "panic: 7", "files: 123",
                    "configured: by bake 640 1:2",
                ], "\(result.stderrText)")
        try checkWhatIsLeft(in: scratch, isShared: share != nil)
    }

    /// Read by the host's own tools: everything written is there, and no file system has to be
    /// repaired or its journal replayed.
    private func checkWhatIsLeft(in scratch: TemporaryDirectory, isShared: Bool) throws {
        let text = "from the guest\n"
        #expect(try run("debugfs -R 'cat written' data.img 2>/dev/null", in: scratch) == text)
        try run("debugfs -R 'dump nested.img nested.img' data.img 2>/dev/null", in: scratch)
        #expect(try run("debugfs -R 'cat written' nested.img 2>/dev/null", in: scratch) == text)
        #expect(try run("mcopy -i parts.img@@1M ::written -", in: scratch) == text)
        for name in ["data.img", "nested.img"] {
            try run("e2fsck -fn \(name) 2>&1", in: scratch)
            let header = try run("dumpe2fs -h \(name) 2>/dev/null", in: scratch)
            #expect(header.contains("state:         clean\n"), "\(header)")
            #expect(!header.contains("needs_recovery"), "\(header)")
        }
        // -n: not touched; a log that is not clean is an error.
        try run("xfs_repair -n xfs.img > /dev/null 2>&1", in: scratch)
        try run("dd if=parts.img of=left.img bs=1M skip=1 count=4 status=none", in: scratch)
        try run("fsck.vfat -n left.img > /dev/null", in: scratch)
        if isShared {
            let written = try String(contentsOf: scratch.url("share/written"), encoding: .utf8)
            #expect(written == text)
        }
    }

    @Test func aDiskThatIsNotThereIsNamedWithThoseThatAre() throws {
        let scratch = try TemporaryDirectory()
        try run("mkfs.ext4 -q -L other there.img 4M && truncate -s 1M empty.img", in: scratch)
        let result = try StagedBake.run([
            "run", "--accel", "tcg", "-b", scratch.path("there.img"), "-b",
            scratch.path("empty.img"), "--set",
            #"blk=[{"path":"LABEL=data","mountpoint":"/data"}]"#, try ProbeImage.baked.get(),
        ])
        #expect(result.status == 125)
        #expect(
            result.stderrText.contains(
                "cannot mount LABEL=data at /data: no block device with LABEL=data within 10 s; "
                    + "there are vda (ext4, LABEL=other), vdb (unknown)"), "\(result.stderrText)")
    }

    @discardableResult
    private func run(_ script: String, in scratch: TemporaryDirectory) throws -> String {
        let result = try runProcess(
            ["sh", "-c", "PATH=\"$PATH:/usr/sbin:/sbin\"; \(script)"], in: scratch.path)
        guard result.status == 0 else {
            throw TestFailure("\(script): \(result.stdoutText)\(result.stderrText)")
        }
        return result.stdoutText
    }
}

/// A directory of this machine that a guest mounts by virtiofs, while this lives.
private final class SharedDirectory {
    private static let program = "/usr/lib/qemu/virtiofsd"
    private let server = Process()
    private let socket: String

    /// nil for an ordinary user: QEMU's virtiofsd is for root alone.
    init?(_ directory: String, socket: String) throws {
        self.socket = socket
        guard geteuid() == 0 else { return nil }
        server.executableURL = URL(fileURLWithPath: Self.program)
        // In one process: the other sandbox's second one would outlive this.
        server.arguments = [
            "--socket-path=\(socket)", "-o", "source=\(directory)", "-o", "sandbox=chroot",
        ]
        server.standardOutput = FileHandle.nullDevice
        server.standardError = FileHandle.nullDevice
        try server.run()
        for _ in 0..<1000 where !FileManager.default.fileExists(atPath: socket) { usleep(10_000) }
    }

    deinit { if server.isRunning { kill(server.processIdentifier, SIGKILL) } }

    /// For `bake run`: the device, and memory that both have.
    var flags: [String] {
        [
            "-chardev", "socket,id=share,path=\(socket)", "-device",
            "vhost-user-fs-pci,chardev=share,tag=tag", "-object",
            "memory-backend-memfd,id=shared,size=512M,share=on", "-numa", "node,memdev=shared",
        ].flatMap { ["-g", $0] }
    }
}
