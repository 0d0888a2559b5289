import BakeContract
import CGuest

/// The machine's power button: events of ACPI as the kernel passes them on over generic netlink
/// (drivers/acpi/event.c), which takes its `button` driver and nothing else. The event devices below
/// /dev/input would take a second one.
final class PowerButton {
    private let socket: Int32

    /// Nil on a kernel without ACPI.
    init?() {
        guard let socket = listeningSocket() else { return nil }
        self.socket = socket
    }

    deinit { close(socket) }

    /// To poll for input.
    var number: Int32 { socket }

    /// Whether it was pressed since the last call.
    func wasPressed() -> Bool {
        var isPressed = false
        var message = Bytes(repeating: 0, count: 4096)
        while true {
            let count = message.withUnsafeMutableBytes {
                recv(socket, $0.baseAddress, $0.count, 0)
            }
            // ENOBUFS (events were lost) comes once and is cleared by being told.
            if count < 0, Errno.last.code == ENOBUFS { continue }
            if count <= 0 { return isPressed }
            if isPowerButtonEvent(Bytes(message[..<count])) { isPressed = true }
        }
    }
}

/// Whether a message of the family says that the button was pressed: one attribute with
/// `struct acpi_genl_event`, 20 bytes of class, 15 of bus, one unused, type and data. A press is type 0x80; 2
/// is a wake-up.
func isPowerButtonEvent(_ message: Bytes) -> Bool {
    let event: UInt16 = 1
    let name = "button/power".bytes + [0]
    return attributes(ofMessage: message).contains { attribute in
        attribute.type == event && attribute.payload.count >= 40
            && attribute.payload.starts(with: name) && attribute.payload[36] == 0x80
    }
}

/// A socket that hears ACPI's events, non-blocking.
private func listeningSocket() -> Int32? {
    let number = guest_socket(AF_NETLINK, guest_SOCK_RAW_CLOEXEC, NETLINK_GENERIC)
    guard number >= 0 else { return nil }
    let socket = FileDescriptor(adopting: number)
    var answer = Bytes(repeating: 0, count: 4096)
    // The kernel answers within send(2).
    let request = familyRequest("acpi_event".bytes)
    let sent = request.withUnsafeBytes { send(number, $0.baseAddress, $0.count, 0) }
    guard sent == request.count else { return nil }
    makeNonBlocking(number)
    let count = answer.withUnsafeMutableBytes { recv(number, $0.baseAddress, $0.count, 0) }
    guard count > 0,
        var group = groupNumber("acpi_mc_group".bytes, inAnswer: Bytes(answer[..<count]))
    else { return nil }
    let (netlinkLevel, addMembership): (Int32, Int32) = (270, 1)
    guard setsockopt(number, netlinkLevel, addMembership, &group, 4) == 0 else { return nil }
    return socket.release()
}
