import Foundation
import Testing

@testable import BakeContract
@testable import bake_init

@Suite struct StepRunnerTests {
    private let tree = VerityParameters(
        dataBlockCount: 25, hashStartBlock: 25, rootHash: "aa".bytes, salt: "00".bytes)

    private func log(
        of steps: [BootStep], on system: RecordingSystem = RecordingSystem()
    ) throws(GuestFailure) -> [String] {
        var runner = StepRunner(on: system)
        for step in steps { try runner.carryOut(step) }
        return system.log
    }

    private func failure(of step: BootStep, failing line: String, _ errno: Errno) -> GuestFailure? {
        let system = RecordingSystem()
        system.failures[line] = errno
        var runner = StepRunner(on: system)
        do throws(GuestFailure) {
            try runner.carryOut(step)
            return nil
        } catch {
            return error
        }
    }

    @Test func aBlobInTheInitramfsGoesThroughLoopAndVerity() throws {
        let steps: [BootStep] = [
            .attachLoop(path: "/bake/blob".bytes), .setUpVerity(over: .loop, tree),
            .mountBlob(from: .verity), .overlay,
        ]
        #expect(
            try log(of: steps) == [
                "loop /bake/blob",
                "verity bake-root 200 1 /dev/loop0 /dev/loop0 4096 4096 25 25 sha256 aa 00",
                "mkdir /bake/lower",
                "mount /dev/dm-0 /bake/lower squashfs flags=1",
                "mkdir /bake/memory",
                "mount bake /bake/memory tmpfs mode=0755,size=50%",
                "mkdir /bake/root",
                "mkdir /bake/memory/upper",
                "mkdir /bake/memory/work",
                "mount bake /bake/root overlay lowerdir=/bake/lower,"
                    + "upperdir=/bake/memory/upper,workdir=/bake/memory/work",
            ])
    }

    @Test func aBlobLeftInMemoryIsVerifiedWhereItLies() throws {
        let place = BlobDevice.persistentMemory(path: "/dev/pmem0".bytes)
        let recorded = try log(of: [.setUpVerity(over: place, tree), .mountBlob(from: .verity)])
        #expect(
            recorded.first
                == "verity bake-root 200 1 /dev/pmem0 /dev/pmem0 4096 4096 25 25 sha256 aa 00")
        #expect(recorded.last == "mount /dev/dm-0 /bake/lower squashfs flags=1")
    }

    @Test func aTarIsCheckedBeforeItIsUnpacked() throws {
        let digest = Bytes(repeating: 0xab, count: 32).hexadecimal
        let path = "/bake/blob".bytes
        #expect(
            try log(of: [
                .checkDigest(path: path, byteCount: 9, sha256: digest),
                .unpackBlob(path: path, byteCount: 9),
            ]) == [
                "sha256 /bake/blob 9", "mkdir /bake/memory",
                "mount bake /bake/memory tmpfs mode=0755,size=50%",
                "mkdir /bake/root", "mkdir /bake/memory/root",
                "mount /bake/memory/root /bake/root  flags=4096",
                "unpack /bake/blob 9 /bake/root",
            ])
    }

    @Test func anotherDigestStopsTheBoot() {
        let step = BootStep.checkDigest(path: "/b".bytes, byteCount: 9, sha256: "00".bytes)
        let error = #expect(throws: GuestFailure.self) { try log(of: [step]) }
        #expect(error?.status == .blobDigest)
        #expect(error?.text.hasPrefix("the blob is damaged: its SHA-256 is abab") == true)
    }

    @Test func theRootIsEnteredWithTheKernelsFileSystems() throws {
        let system = RecordingSystem()
        system.directories = ["/bake/root/proc", "/bake/root/dev"]
        let recorded = try log(of: [.switchRoot], on: system)
        #expect(
            recorded.prefix(17) == [
                "mkdir /bake/root/sys",
                "mkdir /bake/memory/run", "mkdir /bake/root/run",
                "mount /bake/memory/run /bake/root/run  flags=4096",
                "mount /bake/memory/run /bake/root/run  flags=4134",
                "mkdir /bake/memory/tmp", "mkdir /bake/root/tmp",
                "mount /bake/memory/tmp /bake/root/tmp  flags=4096",
                "mount /bake/memory/tmp /bake/root/tmp  flags=4134",
                "mkdir /bake/memory/shm", "mkdir /dev/shm",
                "mount /bake/memory/shm /dev/shm  flags=4096",
                "mount /bake/memory/shm /dev/shm  flags=4134",
                "mount /proc /bake/root/proc  flags=8192", "mount /sys /bake/root/sys  flags=8192",
                "mount /dev /bake/root/dev  flags=8192", "switch root /bake/root",
            ])
        #expect(recorded.contains("symlink /dev/stdout -> /proc/self/fd/1"))
    }

    /// Nothing is mounted where a link of the tree leads while the initramfs is the root.
    @Test func aLinkInThePlaceOfTmpStays() throws {
        let system = RecordingSystem()
        system.deviceByteCounts = ["/bake/root/tmp": 0]
        let recorded = try log(of: [.switchRoot], on: system)
        #expect(!recorded.contains { $0.contains("/bake/root/tmp") })
        #expect(recorded.contains("mount /bake/memory/run /bake/root/run  flags=4096"))
    }

    /// All that programs may fill leaves 16 MiB, or a quarter; on the smallest machines it is a
    /// quarter itself.
    @Test func filesInMemoryLeaveSomethingOver() throws {
        func size(available: String) throws -> String? {
            let system = RecordingSystem()
            system.files["/proc/meminfo"] =
                "MemTotal:       220572 kB\nMemFree:  1 kB\n\(available)\n".bytes
            let mounts = try log(of: [.overlay], on: system).filter { $0.contains("tmpfs") }
            return mounts.first?.components(separatedBy: "size=").last
        }
        #expect(try size(available: "MemAvailable:   185136 kB") == "138852k")
        #expect(try size(available: "MemAvailable:    27048 kB") == "10664k")
        #expect(try size(available: "MemAvailable:    18000 kB") == "4500k")
        #expect(try size(available: "MemAvailable:        4 kB") == "1k")
        #expect(try size(available: "MemAvailable: 17179869184 kB") == "12884901888k")
        #expect(try size(available: "Buffers:       220572 kB") == "50%")
        #expect(try size(available: "MemAvailable: much") == "50%")
    }

    @Test func whatProgramsExpectBesidesIsNotWorthAStop() throws {
        let system = RecordingSystem()
        system.failures["symlink /dev/fd -> /proc/self/fd"] = .exists
        system.failures["mkdir /dev/pts"] = .exists
        let recorded = try log(of: [.switchRoot], on: system)
        #expect(recorded.last?.hasPrefix("mount cgroup2 /sys/fs/cgroup") == true)
    }

    @Test func theConfigurationIsCarriedOutInItsOrder() throws {
        let system = RecordingSystem()
        system.directories = ["/data", "/etc", "/mnt"]
        let interfaces = [
            NetworkInterface(.name("eth1".bytes, position: nil), method: .dhcp),
            NetworkInterface(method: .automaticVersion6),
        ]
        let recorded = try log(
            of: [
                .setHostname("h".bytes),
                .setKernelSetting(
                    KernelSetting(path: "net/core/somaxconn".bytes, value: "9".bytes)),
                .bringUpLoopback,
                .mount(
                    ConfiguredMount(
                        source: "/dev/vda".bytes, mountPoint: "/mnt/d".bytes,
                        fileSystem: "ext4".bytes, options: "ro,noatime,data=ordered".bytes)),
                .writeFile(
                    ConfiguredFile(
                        path: "/etc/a/b".bytes, contents: "x".bytes, mode: 0o600, user: 1, group: 2)
                ),
                .publishConfiguration("{}".bytes),
                .configureNetwork(interfaces, hostname: nil),
                .sealRoot,
                .setLimit(
                    ResourceLimit(name: "nofile".bytes, resource: 7, soft: 10, hard: 20)),
            ], on: system)
        #expect(
            recorded == [
                "hostname h", "write /proc/sys/net/core/somaxconn 9", "loopback", "mkdir /mnt/d",
                "mount /dev/vda /mnt/d ext4 flags=1025 data=ordered", "mkdir /etc/a",
                "create /etc/a/b 600 x", "chown /etc/a/b 1:2", "create /rumpconfig.json 644 {}",
                "interface eth1", "interface any", "mount  /  flags=4129", "limit 7 10 20",
            ])
    }

    @Test func failuresNameTheStepAndTheStatus() {
        let loop = failure(
            of: .attachLoop(path: "/b".bytes), failing: "loop /b", .noDevice)
        #expect(
            loop?.text == "cannot attach the blob to a loop device: No such device")
        #expect(loop?.status == .blobMount)

        let hostname = failure(
            of: .setHostname("a b".bytes), failing: "hostname a b", Errno(22))
        #expect(hostname?.text == "cannot set the hostname 'a b': Invalid argument")
        #expect(hostname?.status == .preparation)

        let root = failure(
            of: .switchRoot, failing: "switch root /bake/root", Errno(22))
        #expect(root?.text == "cannot enter the root: Invalid argument")
        #expect(root?.status == .root)
    }
}
