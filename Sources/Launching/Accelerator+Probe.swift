internal import BakeContract
internal import Glibc
public import SystemPackage

extension AcceleratorChoice {
    /// Settles on an accelerator; asks KVM itself unless TCG was chosen.
    public func resolve(tools: LaunchTools) throws(LaunchError) -> AcceleratorVerdict {
        if self == .tcg {
            return AcceleratorVerdict(accelerator: .tcg, reason: "TCG was asked for")
        }
        let verdict = Accelerator.probe(tools: tools)
        if self == .kvm, verdict.accelerator != .kvm {
            throw .noKVM(reason: verdict.reason)
        }
        return verdict
    }
}

extension Accelerator {
    public static let probeTimeoutSeconds = 3

    /// KVM if it runs code at the speed of the processor, else TCG with the reason.
    ///
    /// /dev/kvm can exist and open and still be of no use: inside some virtual machines every
    /// instruction is emulated, or the first one never returns. So QEMU runs a tiny ROM under KVM,
    /// thirty million turns of a loop, in a child that is killed after the time limit and then left
    /// alone if it does not even die.
    public static func probe(
        tools: LaunchTools, device: FilePath = "/dev/kvm", timeoutSeconds: Int = probeTimeoutSeconds
    ) -> AcceleratorVerdict {
        if let reason = reasonAgainst(device) {
            return AcceleratorVerdict(accelerator: .tcg, reason: "KVM: \(reason)")
        }
        do {
            let reason = try KVMProbe.reasonAgainst(
                qemu: tools.qemu, timeoutSeconds: timeoutSeconds)
            return reason.map { AcceleratorVerdict(accelerator: .tcg, reason: "KVM: \($0)") }
                ?? AcceleratorVerdict(accelerator: .kvm, reason: "KVM works")
        } catch {
            return AcceleratorVerdict(accelerator: .tcg, reason: "KVM: cannot probe it: \(error)")
        }
    }

    /// What is wrong with the device by its name and mode alone.
    private static func reasonAgainst(_ device: FilePath) -> String? {
        guard device.withPlatformString({ access($0, R_OK | W_OK) }) != 0 else { return nil }
        switch Errno(rawValue: errno) {
        case .noSuchFileOrDirectory: return "no \(device)"
        case .permissionDenied: return "permission denied on \(device)"
        case let other: return "\(device): \(other)"
        }
    }
}

/// The child that tries KVM out.
enum KVMProbe {
    /// What the ROM writes to isa-debug-exit; QEMU ends with twice that plus one.
    private static let magic: UInt8 = 0x2a
    private static let exitPort: UInt8 = 0xf4

    /// nil when KVM ran the ROM in time.
    static func reasonAgainst(
        qemu: FilePath, timeoutSeconds: Int, accelerator: Accelerator = .kvm
    ) throws(LaunchError) -> String? {
        let rom = try unnamedFile(holding: rom)
        defer { rom.discard() }
        let output = try DescriptorPair()
        defer { output.readEnd.discard() }
        output.readEnd.setNonBlocking()
        let words =
            [qemu.string, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
            + ["-machine", "microvm", "-accel", accelerator.rawValue, "-m", "16M"]
            + ["-bios", "/dev/fd/3"]
            + ["-device", "isa-debug-exit,iobase=\(exitPort),iosize=1"]
        let child: ChildProcess
        do {
            defer { output.writeEnd.discard() }
            child = try ChildProcess.spawn(
                words.map { Bytes($0.utf8) },
                descriptors: [0: rom, 1: output.writeEnd, 2: output.writeEnd, 3: rom])
        }
        guard let end = child.end(within: .seconds(timeoutSeconds)) else {
            child.send(SIGKILL)
            _ = child.end(within: .seconds(1))
            return "the probe did not answer within \(timeoutSeconds) s"
        }
        if end == .exited(Int32(magic) * 2 + 1) { return nil }
        var message = Bytes(repeating: 0, count: 4096)
        let count = max(0, read(output.readEnd.rawValue, &message, message.count))
        return ConsoleTail.printableLines(Bytes(message.prefix(count))).last
            ?? "the probe ended with status \(end.status)"
    }

    /// 64 KiB that end at 4 GiB and stand once more at 0xf0000. The processor starts 16 bytes
    /// before the end; the far jump makes the code segment an ordinary one first, which old
    /// processors need to run it without emulation.
    static let rom: Bytes = {
        var rom = Bytes(repeating: 0xf4, count: 65536)
        let loop: Bytes = [
            0x66, 0xb9, 0x80, 0xc3, 0xc9, 0x01,  // mov ecx, 30000000
            0x66, 0x49,  // 1: dec ecx
            0x75, 0xfc,  // jnz 1b
            0xb0, magic,  // mov al, magic
            0xe6, exitPort,  // out exitPort, al
            0xf4,  // hlt
        ]
        let start: Bytes = [0xea, 0x00, 0xf0, 0x00, 0xf0]  // jmp 0xf000:0xf000
        rom.replaceSubrange(0xf000..<(0xf000 + loop.count), with: loop)
        rom.replaceSubrange(0xfff0..<(0xfff0 + start.count), with: start)
        return rom
    }()

    /// A file that has no name any more; a child opens it through /dev/fd.
    private static func unnamedFile(holding bytes: Bytes) throws(LaunchError) -> FileDescriptor {
        var name = Array("/tmp/bake-probe-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { throw .system("cannot make a file in /tmp") }
        unlink(name)
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            close(descriptor)
            throw .system("cannot write to /tmp")
        }
        return FileDescriptor(rawValue: descriptor)
    }
}
