import Foundation
import TestSupport
import Testing

@testable import BakeContract
@testable import bake_init

/// How `blk` is carried out, on a machine whose disks hold what the tests give them.
@Suite struct MountDiskTests {
    private static let mountPoint = "/data".bytes

    private func disk(
        _ source: BlockDevice.Source, _ path: String, _ fileSystem: String? = nil,
        options: String = "", mounted: Bool = true
    ) -> BlockDevice {
        BlockDevice(
            source: source, path: path.bytes, fileSystem: fileSystem.map(\.bytes),
            mountPoint: mounted ? Self.mountPoint : nil, options: options.bytes)
    }

    /// The superblock of an ext4 with this label.
    private static func ext4(_ label: String, uuid: UInt8 = 7) -> Bytes {
        var bytes = Bytes(repeating: 0, count: 4096)
        bytes.replaceSubrange(1080..<1082, with: [0x53, 0xef])
        bytes[1024 + 0x60] = 0x40
        bytes.replaceSubrange(1128..<1144, with: Bytes(repeating: uuid, count: 16))
        bytes.replaceSubrange(1144..<(1144 + label.utf8.count), with: label.bytes)
        return bytes
    }

    private func system(_ disks: [String: Bytes], parts: [String: String] = [:]) -> RecordingSystem
    {
        let system = RecordingSystem()
        for (name, contents) in disks { Self.plug(name, contents, into: system) }
        for (part, disk) in parts {
            let number = part.dropFirst(disk.count)
            system.files["/sys/class/block/\(part)/partition"] = "\(number)\n".bytes
            system.files["/sys/class/block/\(disk)/\(part)/partition"] = "\(number)\n".bytes
        }
        return system
    }

    private static func plug(_ name: String, _ contents: Bytes, into system: RecordingSystem) {
        system.files["/sys/class/block/\(name)/size"] = "\(contents.count / 512)\n".bytes
        system.files["/dev/\(name)"] = contents
    }

    private func error(_ wanted: BlockDevice, _ system: RecordingSystem) -> StorageError? {
        do throws(StorageError) {
            try mountDisk(wanted, on: system)
            return nil
        } catch {
            return error
        }
    }

    @Test func disksAreFoundByWhatTheyHold() throws {
        let uuid = String(repeating: "07", count: 4) + "-0707-0707-0707-070707070707"
        let wanted: [BlockDevice.Source] = [
            .device("/dev/vdb".bytes), .label("data".bytes), .uuid(uuid.bytes),
            .uuid(uuid.uppercased().bytes), .number(1),
        ]
        for source in wanted {
            let system = system(["vda": Self.ext4("root", uuid: 1), "vdb": Self.ext4("data")])
            try mountDisk(disk(source, "x", options: "noatime,data=ordered"), on: system)
            #expect(
                system.log == ["mkdir /data", "mount /dev/vdb /data ext4 flags=1024 data=ordered"])
        }
    }

    @Test func aDiskMayAppearLate() throws {
        let system = system(["vda": Bytes(repeating: 0, count: 4096)])
        system.onSleep = {
            if $0.uptime() == 9980 { Self.plug("vdb", Self.ext4("late"), into: $0) }
        }
        try mountDisk(disk(.label("late".bytes), "LABEL=late", mounted: false), on: system)
        #expect(system.log.isEmpty)
        #expect(system.uptime() == 9980)
    }

    @Test func whatIsNotThereIsSaidWithWhatIs() {
        let there = system([
            "vda": Self.ext4("root"), "vdb": Bytes(repeating: 0, count: 512), "loop0": [1],
            "vdc": Self.ext4(""),
        ])
        let missing = error(disk(.label("data".bytes), "LABEL=data"), there)
        #expect(
            missing?.description
                == "no block device with LABEL=data within 10 s; there are vda (ext4, LABEL=root), "
                + "vdb (unknown), vdc (ext4, UUID=07070707-0707-0707-0707-070707070707)")
        #expect(
            error(disk(.device("/dev/vda".bytes), "vda"), system([:]))?.description
                == "no block device /dev/vda within 10 s; there is none at all")
    }

    @Test func twoOfALabelAreOneTooMany() {
        let twins = system(["vda": Self.ext4("data"), "vdb": Self.ext4("data")])
        #expect(
            error(disk(.label("data".bytes), "LABEL=data"), twins)?.description
                == "vda and vdb both are that; name one by its UUID or its device")
        // A partition that begins where its disk does.
        let one = system(
            ["vda": Self.ext4("data"), "vda1": Self.ext4("data")], parts: ["vda1": "vda"])
        #expect(error(disk(.label("data".bytes), "LABEL=data"), one) == nil)
        #expect(one.log.last == "mount /dev/vda /data ext4")
    }

    @Test func disksAreCountedWithoutTheirPartitions() throws {
        let system = system(
            ["vda": Self.ext4("a"), "vda1": Self.ext4("b"), "vdb": Self.ext4("c")],
            parts: ["vda1": "vda"])
        try mountDisk(disk(.number(1), "/dev/ld1a", "ext4"), on: system)
        #expect(system.log.last == "mount /dev/vdb /data ext4")
    }

    @Test(arguments: [
        (
            "mount /dev/vda /data xfs", "xfs", Errno.noDevice, GuestStatus.unsupported,
            "this image has no driver for xfs; bake it with --modules xfs"
        ),
        (
            "mount /dev/vda /data xfs", "xfs", Errno(22), .preparation,
            "Invalid argument (it is to be xfs, but holds ext4)"
        ),
        (
            "mount /dev/vda /data ext4", "ext4", .denied, .preparation,
            "/dev/vda can only be read; say so: \"options\": \"ro\""
        ),
        (
            "mount /dev/vda /data ext4", "ext4", .readOnlyFileSystem, .preparation,
            "/dev/vda can only be read; say so: \"options\": \"ro\""
        ),
        ("mount /dev/vda /data ext4", "ext4", .io, .preparation, "Input/output error"),
    ])
    func aMountThatFailsSaysWhy(
        line: String, fileSystem: String, errno: Errno, status: GuestStatus, text: String
    ) {
        let system = system(["vda": Self.ext4("data")])
        system.failures[line] = errno
        let found = error(disk(.device("/dev/vda".bytes), "vda", fileSystem), system)
        #expect(found?.description == text)
        #expect(found?.status == status)
    }

    @Test func whatHasNoTypeIsNotGuessed() {
        let empty = system(["vda": Bytes(repeating: 0, count: 4096)])
        #expect(
            error(disk(.device("/dev/vda".bytes), "vda"), empty)?.description
                == "it holds no file system known here; say its 'fstype'")
        var swap = Bytes(repeating: 0, count: 4096)
        swap.replaceSubrange(4086..<4096, with: "SWAPSPACE2".bytes)
        #expect(
            error(disk(.device("/dev/vda".bytes), "vda"), system(["vda": swap]))?.description
                == "it holds swap, which is no file system to mount")
    }

    @Test func filesGoThroughALoopDeviceThatEndsWithTheMount() throws {
        let system = RecordingSystem()
        system.files["/srv/disk"] = Self.ext4("x")
        try mountDisk(disk(.file("/srv/disk".bytes), "/srv/disk"), on: system)
        try mountDisk(disk(.file("/srv/disk".bytes), "/srv/disk", options: "ro"), on: system)
        try mountDisk(disk(.file("/srv/disk".bytes), "/srv/disk", "iso9660"), on: system)
        #expect(
            system.log.filter { !$0.hasPrefix("mkdir") } == [
                "loop /srv/disk rw", "mount /dev/loop0 /data ext4", "release /dev/loop0",
                "loop /srv/disk", "mount /dev/loop0 /data ext4 flags=1", "release /dev/loop0",
                "loop /srv/disk", "mount /dev/loop0 /data iso9660 flags=1", "release /dev/loop0",
            ])
        #expect(
            error(disk(.file("/none".bytes), "/none"), system)?.description
                == "there is no such file")
    }

    @Test func aDirectoryOfTheHostIsMountedByItsTag() throws {
        let system = RecordingSystem()
        try mountDisk(disk(.tag("share".bytes), "share", "virtiofs"), on: system)
        #expect(system.log.last == "mount share /data virtiofs")
    }

    @Test func driversAreLoadedWhereTheyAreNeeded() {
        let system = RecordingSystem()
        system.files["/bake/modules/on-demand"] =
            "msdos fat.ko msdos.ko\nvfat fat.ko nls.ko vfat.ko\nxfs xfs.ko\n".bytes
        system.failures["load /bake/modules/nls.ko"] = .exists
        system.failures["load /bake/modules/vfat.ko"] = .io
        let notes = loadDrivers(of: .named(["vfat".bytes, "ext4".bytes]), on: system)
        #expect(notes == [ModuleNote(name: "vfat.ko".bytes, errno: .io)])
        let folder = "load /bake/modules/"
        #expect(system.log == ["fat", "nls", "vfat"].map { "\(folder)\($0).ko" })
        #expect(loadDrivers(of: .all, on: system).count == 1)
        #expect(
            system.log.dropFirst(3)
                == ["fat", "msdos", "nls", "vfat", "xfs"].map { "\(folder)\($0).ko" }[...])
        #expect(loadDrivers(of: .all, on: RecordingSystem()).isEmpty)
    }

    @Test func anOptionalDiskIsAWarning() throws {
        let system = system([:])
        var runner = StepRunner(on: system)
        let wanted = disk(.label("data".bytes), "LABEL=data", options: "nofail")
        try runner.carryOut(.mountDisk(wanted))
        #expect(
            system.log == [
                "say bake: warning: cannot mount LABEL=data at /data: no block device with "
                    + "LABEL=data within 10 s; there is none at all"
            ])
        let needed = disk(.label("data".bytes), "LABEL=data", mounted: false)
        do throws(GuestFailure) {
            try runner.carryOut(.mountDisk(needed))
            Issue.record("it went on")
        } catch {
            #expect(error.status == .preparation)
            #expect(error.text.hasPrefix("cannot wait for LABEL=data: no block device with"))
        }
    }

    @Test(
        arguments: [
            ("ro,noatime,size=1M,nr_inodes=5", UInt(1 | 1024), "size=1M,nr_inodes=5"),
            ("defaults,nofail,x-mine=1,_netdev", 0, ""), ("ro,rw", 0, ""),
            ("lazytime,strictatime,nodiratime,dirsync", 1 << 25 | 1 << 24 | 2048 | 128, ""),
        ] as [(String, UInt, String)])
    func optionsAreThoseOfMount(text: String, flags: UInt, rest: String) {
        let split = MountFlags.split(text.bytes)
        #expect(split.flags.rawValue == flags)
        #expect(split.rest == rest.bytes)
    }

    @Test func aBindMountTakesItsOtherFlagsInASecondCall() throws {
        let system = RecordingSystem()
        system.directories = ["/a"]
        system.files["/a/file"] = []
        var runner = StepRunner(on: system)
        for (source, options) in [("/a", "bind,ro,nosuid"), ("/a/file", "rbind")] {
            try runner.carryOut(
                .mount(
                    ConfiguredMount(
                        source: source.bytes, mountPoint: "/b/c".bytes, fileSystem: "none".bytes,
                        options: options.bytes)))
        }
        #expect(
            system.log == [
                "mkdir /b", "mkdir /b/c", "mount /a /b/c none flags=4099",
                "mount  /b/c  flags=4131", "mount /a/file /b/c none flags=20480",
            ])
    }

    @Test func whatOutlivesTheMachineIsUnmountedLastFirst() {
        let system = RecordingSystem()
        system.files["/proc/self/mounts"] =
            """
            /dev/dm-0 / overlay rw 0 0
            proc /proc proc rw 0 0
            /dev/vda /data ext4 rw 0 0
            share /my\\040share virtiofs rw 0 0
            tmpfs /tmp tmpfs rw 0 0
            /dev/loop1 /data/a\\134b vfat rw 0 0
            damaged

            """.bytes
        system.failures["unmount /data"] = .busy
        unmountStorage(on: system)
        #expect(
            system.log == [
                "unmount /data/a\\x5cb", "unmount /my share", "unmount /data",
                "mount  /data  flags=33",
            ])
    }
}
