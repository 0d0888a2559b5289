import BakeContract
import CGuest

/// How the host learns what came of it: one line on the status port; on the console where there is
/// none.
enum StatusReport {
    /// Another program is PID 1 from now on: whatever it says, it says on the console.
    case handedOver
    case exited(Int32)
    case failed(GuestStatus, String)

    /// `init`, `exit N`, or `failed N TEXT`, with its newline.
    var line: Bytes {
        switch self {
        case .handedOver: "init\n".bytes
        case .exited(let status): "exit \(status)\n".bytes
        case .failed(let status, let text): "failed \(status.rawValue) \(text)\n".bytes
        }
    }

    /// What the console says: always for a failure, for a program's status only where no port
    /// takes it.
    func consoleLine(hasPort: Bool) -> Bytes? {
        switch self {
        case .handedOver: nil
        case .exited(let status): hasPort ? nil : "bake: exited with status \(status)".bytes
        case .failed(let status, let text):
            "bake: error: \(text) (status \(status.rawValue))".bytes
        }
    }

    /// Writes the line and closes the port, which the kernel does not finish before the host has
    /// seen both. A host that is not there, or goes away, has nobody to tell.
    func send(to port: Bytes, on system: LinuxSystem) {
        // As above: no port that opens, nobody to tell.
        guard let port = try? FileDescriptor(opening: port, O_WRONLY | O_NONBLOCK)  // as said
        else { return }
        let start = system.uptime()
        var rest = line[...]
        while !rest.isEmpty, system.uptime() < start + 1000 {
            let count = rest.withUnsafeBytes { write(port.number, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if Errno.last.meansLater {
                system.sleep(milliseconds: 5)
            } else {
                return
            }
        }
    }
}
