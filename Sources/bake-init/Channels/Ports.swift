import BakeContract
import CGuest

/// The virtio-serial ports `bake run` gives a guest, by their names in
/// /sys/class/virtio-ports/*/name.
struct Ports: Equatable {
    var input: Bytes?
    var output: Bytes?
    var error: Bytes?
    /// Lines: `init`, `exit N` or `failed N TEXT`.
    var status: Bytes?

    var isEmpty: Bool { input == nil && output == nil && error == nil && status == nil }

    /// The device nodes of the ports there are now.
    static func present<System: GuestSystem>(on system: System) -> Ports {
        var ports = Ports()
        let folder = "/sys/class/virtio-ports/".bytes
        // No such folder: no ports.
        guard let devices = try? system.list(folder) else { return ports }  // absence is an answer
        for device in devices {
            // A port that goes away, or has no name yet, is not one of ours (yet).
            let file = folder + device + "/name".bytes
            guard let text = try? system.read(file, limit: 256)  // as said
            else { continue }
            let node = "/dev/".bytes + device
            let name = text.trimmed
            if name == "io.bake.stdin".bytes { ports.input = node }
            if name == "io.bake.stdout".bytes { ports.output = node }
            if name == "io.bake.stderr".bytes { ports.error = node }
            if name == "io.bake.status".bytes { ports.status = node }
        }
        return ports
    }

    /// Waits for the ports of a virtio-serial device: they appear one after another once its
    /// driver is loaded. A machine without such a device is not waited for.
    static func wait<System: GuestSystem>(on system: System) -> Ports {
        guard hasVirtioDevice("0x0003".bytes, on: system) else { return Ports() }
        let start = system.uptime()
        while true {
            let ports = present(on: system)
            let waited = system.uptime() - start
            if ports.status != nil || waited > (ports.isEmpty ? 500 : 5000) { return ports }
            system.sleep(milliseconds: 2)
        }
    }
}
