import Foundation

/// A plain QEMU, started without `bake run`: what any other launcher would do.
public enum Machine {
    /// Runs QEMU without KVM until it ends and returns what its serial console said. Arguments of
    /// the caller follow the common ones.
    public static func console(
        machine: String = "pc", memoryMiB: Int = 256, _ arguments: [String],
        timeoutSeconds: Double = 240
    ) throws -> String {
        let result = try runProcess(
            [
                "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-machine", machine,
                "-m", "\(memoryMiB)", "-no-reboot", "-nodefaults", "-display", "none",
                "-serial", "stdio", "-monitor", "none",
            ] + arguments, timeoutSeconds: timeoutSeconds)
        guard result.status == 0 else {
            throw TestFailure("QEMU ended with \(result.status): \(result.stderrText)")
        }
        return result.stdoutText.replacing("\r\n", with: "\n")
    }
}
