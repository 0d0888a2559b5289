/// How a process ended, from the number wait(2) gives.
enum WaitStatus: Equatable {
    case exited(UInt8)
    case signalled(Int32)
    /// Stopped or continued: it has not ended.
    case running

    init(raw: Int32) {
        let signal = raw & 0x7f
        switch signal {
        case 0: self = .exited(UInt8(truncatingIfNeeded: raw >> 8))
        case 0x7f: self = .running
        default: self = .signalled(signal)
        }
    }

    /// What a shell would show: the program's own status, or 128 and the signal. Nil while it runs.
    var shellStatus: Int32? {
        switch self {
        case .exited(let status): Int32(status)
        case .signalled(let signal): 128 + signal
        case .running: nil
        }
    }
}

/// `signal 11 (SIGSEGV)`; numbers of x86-64, signal(7).
func signalText(_ number: Int32) -> String {
    let names: [StaticString] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
        "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
        "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ]
    let index = Int(number) - 1
    guard names.indices.contains(index) else { return "signal \(number)" }
    return "signal \(number) (SIG\(names[index].description))"
}
