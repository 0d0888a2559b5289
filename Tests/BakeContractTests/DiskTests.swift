import Foundation
import Testing

@testable import BakeContract

@Suite("Disks of the configuration")
struct DiskTests {
    @Test(
        "where a disk comes from",
        arguments: [
            ("\"path\":\"/dev/vda1\"", BlockDevice.Source.device(Bytes("/dev/vda1"))),
            ("\"path\":\"vdb\"", .device(Bytes("/dev/vdb"))),
            ("\"path\":\"mapper/data\"", .device(Bytes("/dev/mapper/data"))),
            // NetBSD's first and second disk.
            ("\"path\":\"/dev/ld0a\"", .device(Bytes("/dev/vda"))),
            ("\"path\":\"/dev/ld1d\"", .device(Bytes("/dev/vdb"))),
            ("\"path\":\"LABEL=my data\"", .label(Bytes("my data"))),
            ("\"path\":\"LABEL=a=b\"", .label(Bytes("a=b"))),
            ("\"path\":\"UUID=ABCD-0123\"", .uuid(Bytes("ABCD-0123"))),
            ("\"path\":\"PARTUUID=0badcafe-01\"", .partitionUUID(Bytes("0badcafe-01"))),
            ("\"source\":\"etfs\",\"path\":\"xbd1\"", .number(1)),
            ("\"source\":\"etfs\",\"path\":\"xbd1\",", .number(1)),
            ("\"source\":\"etfs\",\"path\":\"xvdb\"", .device(Bytes("/dev/xvdb"))),
            (
                "\"source\":\"vnd\",\"path\":\"/a.iso\",\"mountpoint\":\"/m\"",
                .file(Bytes("/a.iso"))
            ),
            (
                "\"path\":\"share\",\"fstype\":\"virtiofs\",\"mountpoint\":\"/m\"",
                .tag(Bytes("share"))
            ),
            ("\"path\":\"a=b/c\",\"fstype\":\"9p\",\"mountpoint\":\"/m\"", .tag(Bytes("a=b/c"))),
        ])
    func sources(entry: String, expected: BlockDevice.Source) throws {
        #expect(try disk(entry).source == expected)
    }

    @Test(
        "what cannot be a disk",
        arguments: [
            ("\"path\":\"LABEL=\"", "'blk.path' must be a device such as"),
            ("\"path\":\"/dev/\"", "'blk.path' must be a device such as"),
            ("\"path\":\"/dev/../etc\"", "'blk.path' must be a device such as"),
            ("\"path\":\"/srv/disk\"", "'blk.path' must be a device such as"),
            ("\"source\":\"vnd\",\"path\":\"disk\",\"mountpoint\":\"/m\"", "'blk.path' must be"),
            ("\"source\":\"vnd\",\"path\":\"/disk\"", "'blk' has no 'mountpoint'"),
            ("\"path\":\"tag\",\"fstype\":\"virtiofs\"", "'blk' has no 'mountpoint'"),
            ("\"source\":\"etfs\",\"path\":\"xbd\"", "'blk.path' must be a name with the disk's"),
            (
                "\"source\":\"etfs\",\"path\":\"xbd99999\"",
                "'blk.path' must be a name with the disk's"
            ),
            ("\"path\":\"vda\",\"mountpoint\":\"data\"", "'blk.mountpoint' must be"),
        ])
    func refusals(entry: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) { try disk(entry) }
        #expect(error?.description.contains("error: \(expected)") == true, "\(error as Any)")
    }

    @Test("no fstype, auto, and rumprun's blk ask the superblock")
    func fileSystems() throws {
        for text in ["", ",\"fstype\":\"auto\"", ",\"fstype\":\"blk\"", ",\"fstype\":\"\""] {
            #expect(try disk("\"path\":\"vda\"" + text).fileSystem == nil)
        }
        #expect(try disk("\"path\":\"vda\",\"fstype\":\"xfs\"").fileSystem == Bytes("xfs"))
    }

    @Test("a bind mount has a source and needs no type")
    func bindMounts() throws {
        let bound = try configuration(
            "\"mounts\":{\"source\":\"/a\",\"mountpoint\":\"/b\",\"options\":\"ro,bind\"}")
        #expect(bound.mounts.first?.fileSystem == Bytes("none"))
        #expect(throws: ConfigurationError.self) {
            try configuration("\"mounts\":{\"mountpoint\":\"/b\",\"options\":\"bind\"}")
        }
        #expect(throws: ConfigurationError.self) {
            try configuration("\"mounts\":{\"source\":\"/a\",\"mountpoint\":\"/b\"}")
        }
    }

    @Test(
        "drivers are loaded while the initramfs is there, disks are mounted before files are written",
        arguments: [
            (
                "\"blk\":[{\"path\":\"LABEL=data\",\"fstype\":\"xfs\",\"mountpoint\":\"/data\","
                    + "\"options\":\"noatime\"},{\"path\":\"vdb\"}],"
                    + "\"mounts\":[{\"fstype\":\"tmpfs\",\"mountpoint\":\"/t\"},"
                    + "{\"fstype\":\"virtiofs\",\"source\":\"s\",\"mountpoint\":\"/s\"}],"
                    + "\"sysctl\":{\"a.b\":1},\"files\":{\"/data/f\":\"x\"}",
                """
                load the drivers of xfs, virtiofs
                switch to the new root
                write 1 into /proc/sys/a/b
                bring up the loopback interface
                mount LABEL=data at /data as xfs with noatime
                wait for vdb
                mount tmpfs at /t as tmpfs
                mount s at /s as virtiofs
                write /data/f, 1 bytes, mode 644, owner 0:0
                write /rumpconfig.json

                """
            ),
            (
                "\"blk\":{\"path\":\"vda\",\"mountpoint\":\"/data\"}",
                """
                load the drivers of all file systems the image brings
                switch to the new root
                bring up the loopback interface
                mount vda at /data
                write /rumpconfig.json

                """
            ),
            (
                "\"blk\":{\"path\":\"vda\"},\"mounts\":{\"fstype\":\"tmpfs\",\"mountpoint\":\"/t\"}",
                """
                switch to the new root
                bring up the loopback interface
                wait for vda
                mount tmpfs at /t as tmpfs
                write /rumpconfig.json

                """
            ),
        ])
    func plans(settings: String, expected: String) throws {
        let plan = try BootPlan.make(
            .squashfs, .memory, try configuration(settings), published: [])
        let text = plan.text.text
        let start = try #require(text.range(of: "over it\n")).upperBound
        let end = try #require(text.range(of: "run a;")).lowerBound
        #expect(String(text[start..<end]) == expected)
    }

    private func disk(_ entry: String) throws -> BlockDevice {
        try #require(try configuration("\"blk\":{\(entry)}").blockDevices.first)
    }

    private func configuration(_ settings: String) throws -> Configuration {
        try EffectiveConfiguration.making(Bytes("{\"cmdline\":\"a\",\(settings)}"), file: [])
            .configuration
    }
}
