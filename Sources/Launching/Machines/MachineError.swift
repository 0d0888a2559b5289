internal import Glibc
public import SystemPackage

/// Why a machine cannot be named, found or stopped.
public enum MachineError: Error, Equatable, Sendable {
    case badName(String)
    case nameInUse(MachineName, pid: Int32?)
    case nameTooLong(FilePath)
    case noRuntimeDirectory
    case notPrivate(FilePath)
    case noMachine(String, running: [String])
    /// It did not end in time and was killed.
    case killed(MachineName, afterSeconds: Int)
    /// Not even SIGKILL ended it.
    case survives(MachineName, pid: Int32)
    case system(call: String, errno: Errno)

    /// The failure of the system call just made.
    static func system(_ call: String) -> MachineError {
        .system(call: call, errno: Errno(rawValue: errno))
    }
}

extension MachineError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badName(let name):
            "'\(name)' is no name for a machine"
                + "\n  hint: letters, digits, '_', '.' and '-', at most 64, a letter or digit first"
        case .nameInUse(let name, let pid):
            "a machine '\(name.text)' is running" + (pid.map { " (process \($0))" } ?? "")
                + "\n  hint: bake stop \(name.text), or take another name"
        case .nameTooLong(let path):
            "'\(path)' is too long for a socket\n  hint: take a shorter name"
        case .noRuntimeDirectory:
            "there is no place to note the machine's name: XDG_RUNTIME_DIR is not set"
        case .notPrivate(let path):
            "'\(path)' is not a directory of this user alone\n  hint: remove it"
        case .noMachine(let name, let running):
            "no machine '\(name)' is running"
                + (running.isEmpty
                    ? "\n  hint: bake run --name \(name) ... gives a machine its name"
                    : "\n  hint: there are " + running.joined(separator: ", "))
        case .killed(let name, let seconds):
            "'\(name.text)' did not end within \(seconds) s and was killed"
        case .survives(let name, let pid):
            "'\(name.text)' (process \(pid)) does not end, not even when it is killed"
        case .system(let call, let errno):
            "\(call): \(errno)"
        }
    }
}
