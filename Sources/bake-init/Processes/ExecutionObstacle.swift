import BakeContract
import CGuest

/// Why execve(2) refused a program, in words that say what to do. ENOENT alone hides which file is
/// missing: the program, or the interpreter it names.
enum ExecutionObstacle: Equatable {
    case missing
    case missingInterpreter(Bytes)
    case directory
    case notExecutable
    case foreignMachine(UInt16)
    case notAProgram
    case other(Errno)

    /// `isThere` says whether a path exists; `head` are the first bytes of the program, nil when
    /// it cannot be read.
    init(
        errno: Errno, path: Bytes, kind: FileKind?, head: Bytes?, isThere: (Bytes) -> Bool
    ) {
        switch errno.code {
        case ENOENT, ENOTDIR:
            guard kind != nil, let head, let interpreter = interpreter(ofProgram: head),
                !isThere(interpreter)
            else {
                self = kind == nil || errno.code == ENOTDIR ? .missing : .other(errno)
                return
            }
            self = .missingInterpreter(interpreter)
        case EACCES:
            self = kind == .directory ? .directory : .notExecutable
        case ENOEXEC:
            if let machine = head.flatMap(elfMachine), machine != elfMachineX86_64 {
                self = .foreignMachine(machine)
            } else {
                self = .notAProgram
            }
        default:
            self = .other(errno)
        }
    }

    /// POSIX, "Exit Status for Commands": 127 not found, 126 found but not to be run.
    var shellStatus: Int32 {
        switch self {
        case .missing, .missingInterpreter: 127
        default: 126
        }
    }

    /// The sentence behind "cannot run 'PROGRAM': ".
    var reason: String {
        switch self {
        case .missing: "there is no such file in the image"
        case .missingInterpreter(let path):
            "it needs \(path.shown), which is not in the image"
        case .directory: "it is a directory"
        case .notExecutable: "it is not executable (mode or file system)"
        case .foreignMachine(let machine):
            "it is for \(machineText(machine)), this machine is x86-64"
        case .notAProgram: "it is neither an ELF program nor a script that begins with #!"
        case .other(let errno): errno.text
        }
    }
}
