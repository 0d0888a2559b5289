internal import BakeContract
internal import Glibc
internal import SystemPackage

/// Our end of QEMU's monitor (QMP, JSON lines). Present only when we run QEMU ourselves: a pasted
/// command has ^C, which ends QEMU.
struct MachineControl {
    /// The descriptor QEMU finds for it.
    static let childDescriptor: Int32 = 7

    static let arguments = [
        "-chardev", "socket,id=control,fd=\(childDescriptor)",
        "-mon", "chardev=control,mode=control",
    ].map { Bytes($0.utf8) }

    let descriptor: FileDescriptor

    init(descriptor: FileDescriptor) {
        self.descriptor = descriptor
        descriptor.setNonBlocking()
        send(#"{"execute":"qmp_capabilities"}"#)
    }

    /// The kernel hands Ctrl-Alt-Del to PID 1 as SIGINT (reboot(2), CAD), with no driver or module.
    func pressControlAltDelete() {
        let keys = ["ctrl", "alt", "delete"]
            .map { #"{"type":"qcode","data":"\#($0)"}"# }.joined(separator: ",")
        send(#"{"execute":"send-key","arguments":{"keys":[\#(keys)]}}"#)
    }

    /// PID 1 makes a SIGTERM of it, where the guest's kernel has the driver.
    func pressPowerButton() {
        send(#"{"execute":"system_powerdown"}"#)
    }

    /// A QEMU that takes no commands any more is killed after the grace time.
    private func send(_ command: String) {
        let bytes = Bytes((command + "\n").utf8)
        _ = write(descriptor.rawValue, bytes, bytes.count)
    }

    /// Forgets what QEMU answered, so that it never waits for us.
    func drain() {
        var chunk = Bytes(repeating: 0, count: 4096)
        while read(descriptor.rawValue, &chunk, chunk.count) > 0 {}
    }
}
