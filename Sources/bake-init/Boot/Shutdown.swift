import BakeContract
import CGuest

/// The end of the machine. Nothing comes back from here, and nothing that fails here may stop it.
func endMachine(_ action: ExitAction, on system: LinuxSystem) -> Never {
    unmountDevices(on: system)
    sync()
    reboot(action == .reboot ? Int32(RB_AUTOBOOT) : guest_RB_POWER_OFF)
    // A machine that cannot be powered off (microvm without ACPI) can still be reset.
    reboot(Int32(RB_AUTOBOOT))
    while true { system.sleep(milliseconds: 60_000) }
}

/// Everything mounted from a device that can be written to, last mounted first, so that its file
/// system is left in order.
private func unmountDevices(on system: LinuxSystem) {
    // Without the table there is nothing to go by; sync(2) follows in any case.
    guard let table = try? system.read("/proc/self/mounts".bytes, limit: 1 << 20)  // as said above
    else { return }
    for line in table.lines.reversed() {
        let fields = line.split(at: UInt8(ascii: " "))
        guard fields.count >= 2, fields[0].starts(with: "/dev/".bytes), fields[1] != "/".bytes
        else { continue }
        do { try system.unmount(fields[1]) } catch {}
    }
}
