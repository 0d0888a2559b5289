import BakeContract
import Testing

@testable import bake_init

@Suite struct EarlySystemTests {
    @Test func theKernelsFileSystemsComeFirst() throws {
        let system = RecordingSystem()
        system.directories = ["/dev"]
        try mountBasics(on: system)
        #expect(
            system.log == [
                "mkdir /proc", "mount proc /proc proc flags=14",
                "mkdir /sys", "mount sysfs /sys sysfs flags=14",
                "mount devtmpfs /dev devtmpfs flags=2 mode=0755,size=1m",
            ])
    }

    @Test func aKernelThatMountedDevItselfIsFine() throws {
        let system = RecordingSystem()
        system.failures["mount devtmpfs /dev devtmpfs flags=2 mode=0755,size=1m"] = .busy
        try mountBasics(on: system)
        #expect(system.log.last == "mount devtmpfs /dev devtmpfs flags=2 mode=0755,size=1m")
    }

    @Test func withoutProcThereIsNoGoingOn() {
        let system = RecordingSystem()
        system.failures["mount proc /proc proc flags=14"] = .noDevice
        let error = #expect(throws: GuestFailure.self) { try mountBasics(on: system) }
        #expect(error?.status == .basics)
        #expect(error?.text == "cannot mount proc at /proc: No such device")
    }

    @Test func modulesAreLoadedInOrderAndFailuresAreNotes() {
        let system = RecordingSystem()
        system.files["/bake/modules/order"] = "a.ko\n\nb.ko\nc.ko".bytes
        system.failures["load /bake/modules/a.ko"] = .exists
        system.failures["load /bake/modules/b.ko"] = .noDevice
        let notes = loadModules(on: system)
        #expect(
            system.log == [
                "load /bake/modules/a.ko", "load /bake/modules/b.ko", "load /bake/modules/c.ko",
            ])
        #expect(notes == [ModuleNote(name: "b.ko".bytes, errno: .noDevice)])
    }

    private static let drivers = [
        "virtio_pci", "virtio_net", "virtio_blk", "nd_pmem", "loop", "button",
    ]

    private func loaded(files: [String: Bytes]) -> [String] {
        let system = RecordingSystem()
        system.files = files
        system.files["/bake/modules/order"] = Self.drivers.map { "\($0).ko\n" }.joined().bytes
        _ = loadModules(on: system)
        return system.log.map { String($0.dropFirst("load /bake/modules/".count).dropLast(3)) }
    }

    @Test func driversWithNothingToDriveAreNotLoaded() {
        let network = "/sys/bus/virtio/devices/virtio0/device"
        let disk = "/sys/bus/virtio/devices/virtio1/device"
        #expect(loaded(files: [:]) == ["virtio_pci", "nd_pmem", "loop"])
        #expect(
            loaded(files: [
                network: "0x0001\n".bytes, disk: "0x0002\n".bytes,
                "/sys/bus/acpi/devices/LNXPWRBN:00/hid": "LNXPWRBN\n".bytes,
            ]) == Self.drivers)
        #expect(loaded(files: ["/bake/blob": [1]]) == ["virtio_pci", "loop"])
    }

    @Test func noOrderMeansNoModules() {
        #expect(loadModules(on: RecordingSystem()).isEmpty)
    }
}
