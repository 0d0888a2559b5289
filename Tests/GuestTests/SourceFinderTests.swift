import BakeContract
import Foundation
import TestSupport
import Testing

@testable import bake_init

/// What PID 1 makes of what is, and is not, on a machine.
@Suite struct SourceFinderTests {
    private static let table = "/sys/firmware/qemu_fw_cfg/by_name/opt/io.bake/config/raw"

    private func ask(_ system: RecordingSystem, baked: String = "{}") throws -> PlatformFindings {
        try askPlatform(baked: baked.bytes, room: nil, on: system)
    }

    private func failure(_ system: RecordingSystem, baked: String = "{}") -> String? {
        do throws(GuestFailure) {
            _ = try askPlatform(baked: baked.bytes, room: nil, on: system)
            return nil
        } catch {
            return "\(error.status.rawValue) \(error.text)"
        }
    }

    @Test func aMachineWithNothingCostsNothing() throws {
        let system = RecordingSystem()
        #expect(try ask(system) == PlatformFindings(commandLine: []))
        #expect(system.log.isEmpty)
    }

    @Test func firmwareFilesAreRead() throws {
        let system = RecordingSystem()
        let structure = try #require(SMBIOSSource.structure(of: ["x=y".bytes]))
        system.files = [
            Self.table: "{}".bytes, "/proc/cmdline": "quiet bake.fw_cfg\n".bytes,
            "/sys/firmware/dmi/tables/DMI": [0, 4, 0, 0, 0, 0] + structure,
        ]
        let findings = try ask(system)
        #expect(findings.firmwareTable == "{}".bytes)
        #expect(findings.smbios == [structure])
        #expect(findings.commandLine == "quiet bake.fw_cfg".bytes)
    }

    @Test func whatTheImageDoesNotListenToIsNotLookedAt() throws {
        let system = RecordingSystem()
        system.files = [Self.table: "{".bytes, "/sys/class/block/vda/size": "8".bytes]
        system.directories = ["/sys/firmware/dmi/tables/DMI"]
        let findings = try ask(system, baked: #"{"sources":["cmdline"]}"#)
        #expect(findings == PlatformFindings(commandLine: []))
        #expect(
            failure(system, baked: #"{"sources":["smbios"]}"#)
                == "23 cannot have the settings of 'smbios':"
                + " /sys/firmware/dmi/tables/DMI is not a file")
    }

    @Test func aPromisedTableMustBeThere() {
        let system = RecordingSystem()
        system.files["/proc/cmdline"] = "bake.fw_cfg".bytes
        let expected =
            "23 cannot have the settings of 'fw_cfg': the kernel command line says that there are"
            + " some (bake.fw_cfg), but not in \(Self.table)"
        #expect(failure(system) == expected)
        system.files[Self.table] = "{}".bytes
        #expect(failure(system) == nil)
        #expect(failure(system, baked: #"{"sources":["cmdline"]}"#) == expected)
    }

    @Test func cloudsAreAskedWhereTheyAreNamed() throws {
        let system = RecordingSystem()
        system.metadata = [(.gcp, "{}".bytes)]
        system.files[Self.table] = #"{"net":[{"method":"dhcp"},{"method":"dhcp"}]}"#.bytes
        let findings = try ask(
            system,
            baked: #"{"cmdline":"a","sources":["gcp",{"name":"ec2","timeout":9},"fw_cfg"]}"#)
        #expect(system.log == ["ask ec2 over 2 for 9 s", "ask gcp over 2 for 5 s"])
        #expect(findings.ec2 == nil)
        #expect(findings.gcp == "{}".bytes)
        // Without `net` of its own: the first interface, by DHCP.
        let alone = RecordingSystem()
        _ = try ask(alone, baked: #"{"cmdline":"a","sources":["ec2"]}"#)
        #expect(alone.log == ["ask ec2 over 1 for 5 s"])
    }

    // MARK: Seed disks

    /// A disk as another program made it.
    private func disk(label: String, isDisc: Bool) throws -> Bytes {
        let scratch = try TemporaryDirectory()
        try scratch.make([.directory("files"), .file("files/user-data", "{}")])
        let path = scratch.path("disk")
        if !isDisc { try Data(count: 1 << 20).write(to: URL(fileURLWithPath: path)) }
        let result = try runProcess(
            isDisc
                ? [
                    "xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", "-V", label, "-o", path,
                    scratch.path("files"),
                ] : ["mkfs.vfat", "-n", label, path])
        try #require(result.status == 0, "\(result.stderrText)")
        return Bytes(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private func machine(_ disks: [String: Bytes]) -> RecordingSystem {
        let system = RecordingSystem()
        system.directories = ["/bake/seed"]
        for (name, contents) in disks {
            system.files["/sys/class/block/\(name)/size"] = "\(contents.count / 512)".bytes
            system.files["/dev/\(name)"] = contents
        }
        return system
    }

    @Test func seedDisksAreToldByTheirLabels() throws {
        let system = machine([
            "vda": try disk(label: "DATA", isDisc: false),
            "vdb": try disk(label: "config-2", isDisc: true),
            "vdc": try disk(label: "CIDATA", isDisc: false),
        ])
        // The same disk once more.
        system.files["/sys/class/block/vdc1/size"] = "8".bytes
        system.files["/dev/vdc1"] = system.files["/dev/vdc"]
        system.directories.insert("/sys/class/block/vdc/vdc1")
        system.files["/bake/seed/meta-data"] = "local-hostname: a".bytes
        system.files["/bake/seed/openstack/latest/user_data"] = "b".bytes
        system.files["/bake/seed/rumpconfig.json"] = "{}".bytes
        system.files["/bake/modules/on-demand"] = "vfat fat.ko vfat.ko\nxfs xfs.ko\n".bytes
        #expect(
            try ask(system).seeds == [
                SeedDiskSource(
                    format: .configDrive, userData: "b".bytes, configuration: "{}".bytes),
                SeedDiskSource(
                    format: .noCloud, metaData: "local-hostname: a".bytes,
                    configuration: "{}".bytes),
            ])
        #expect(
            system.log == [
                "mount /dev/vdb /bake/seed iso9660 flags=15", "unmount /bake/seed",
                "load /bake/modules/fat.ko", "load /bake/modules/vfat.ko",
                "mount /dev/vdc /bake/seed vfat flags=15", "unmount /bake/seed",
            ])
    }

    @Test func aSeedDiskThatCannotBeReadStopsTheBoot() throws {
        let seed = try disk(label: "cidata", isDisc: true)
        let noDriver = machine(["vda": seed])
        noDriver.failures["mount /dev/vda /bake/seed iso9660 flags=15"] = .noDevice
        #expect(
            failure(noDriver)
                == "23 cannot have the settings of 'seed': cannot mount /dev/vda (iso9660):"
                + " this image has no driver for it")
        let odd = machine(["vda": seed])
        odd.directories.insert("/bake/seed/user-data")
        #expect(
            failure(odd)
                == "23 cannot have the settings of 'seed': /bake/seed/user-data is not a file")
        #expect(odd.log.last == "unmount /bake/seed")
        #expect(
            failure(machine(["vda": seed, "vdb": seed]))
                == "23 cannot have the settings of 'seed': both /dev/vda and /dev/vdb are labelled"
                + " 'cidata'")
    }
}
