import BakeContract
import Testing

@testable import bake_init

@Suite struct PortsTests {
    private func machine(_ names: [String: String], hasDevice: Bool = true) -> RecordingSystem {
        let system = RecordingSystem()
        if hasDevice { system.files["/sys/bus/virtio/devices/virtio0/device"] = "0x0003\n".bytes }
        for (port, name) in names {
            system.files["/sys/class/virtio-ports/\(port)/name"] = name.bytes
        }
        return system
    }

    @Test func portsAreFoundByName() {
        let system = machine([
            "vport0p1": "io.bake.stdin\n", "vport0p2": "io.bake.stdout\n",
            "vport0p3": "io.bake.stderr\n", "vport0p4": "io.bake.status\n",
            "vport0p5": "org.qemu.guest_agent.0\n",
        ])
        let ports = Ports.wait(on: system)
        #expect(
            ports
                == Ports(
                    input: "/dev/vport0p1".bytes, output: "/dev/vport0p2".bytes,
                    error: "/dev/vport0p3".bytes, status: "/dev/vport0p4".bytes))
        #expect(system.uptime() == 0)
    }

    @Test func portsThatAppearOneAfterAnotherAreWaitedFor() {
        let system = machine(["vport0p1": "io.bake.stdout"])
        system.onSleep = { system in
            if system.uptime() >= 600 {
                system.files["/sys/class/virtio-ports/vport0p2/name"] = "io.bake.status".bytes
            }
        }
        #expect(Ports.wait(on: system).status == "/dev/vport0p2".bytes)
    }

    @Test func aConsoleDeviceWithoutOurPortsIsNotWaitedForLong() {
        let system = machine(["vport0p1": "org.qemu.guest_agent.0"])
        #expect(Ports.wait(on: system).isEmpty)
        #expect(system.uptime() < 1000)
    }

    @Test func noDeviceNoWaiting() {
        let system = machine([:], hasDevice: false)
        #expect(Ports.wait(on: system).isEmpty)
        #expect(system.uptime() == 0)
    }
}
