import BakeContract
import CGuest

/// The end of the machine. Nothing comes back from here, and nothing that fails here may stop it.
func endMachine(_ action: ExitAction, on system: LinuxSystem) -> Never {
    sync()
    unmountStorage(on: system)
    sync()
    reboot(action == .reboot ? Int32(RB_AUTOBOOT) : guest_RB_POWER_OFF)
    // A machine that cannot be powered off (microvm without ACPI) can still be reset.
    reboot(Int32(RB_AUTOBOOT))
    while true { system.sleep(milliseconds: 60_000) }
}

/// Everything mounted that outlives the machine, last mounted first, so that its file system is
/// left in order. What cannot be unmounted, because something still uses it, can be written to no
/// longer.
func unmountStorage<System: GuestSystem>(on system: System) {
    // Without the table there is nothing to go by; sync(2) follows in any case.
    guard let table = try? system.read("/proc/self/mounts".bytes, limit: 1 << 20)  // as said above
    else { return }
    for line in table.lines.reversed() {
        guard let mount = MountTableLine(line), mount.outlivesMachine else { continue }
        do { try system.unmount(mount.target) } catch {
            let seal = Mount(
                source: [], target: mount.target, type: [], flags: [.remount, .readOnly])
            do { try system.mount(seal) } catch {}
        }
    }
}

/// A line of /proc/self/mounts: source, target, type and options as in fstab(5).
struct MountTableLine: Equatable {
    var source: Bytes
    var target: Bytes
    var type: Bytes

    init?(_ line: Bytes) {
        let fields = line.split(at: UInt8(ascii: " ")).map(Self.unescaped)
        guard fields.count >= 3 else { return nil }
        (source, target, type) = (fields[0], fields[1], fields[2])
    }

    /// A file system on a device or of the host's, not the root, whose device is the image.
    var outlivesMachine: Bool {
        if target == "/".bytes { return false }
        return source.starts(with: "/dev/".bytes) || type == "virtiofs".bytes || type == "9p".bytes
    }

    /// The kernel writes space, tab, newline and backslash as `\\` and three octal digits.
    private static func unescaped(_ field: Bytes) -> Bytes {
        var text: Bytes = []
        var index = 0
        while index < field.count {
            let digits = field[index...].dropFirst().prefix(3)
            if field[index] == UInt8(ascii: "\\"), digits.count == 3,
                digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x37 })
            {
                text.append(digits.reduce(0) { $0 << 3 | ($1 & 7) })
                index += 4
            } else {
                text.append(field[index])
                index += 1
            }
        }
        return text
    }
}
