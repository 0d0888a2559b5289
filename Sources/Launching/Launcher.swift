internal import Glibc
internal import SystemPackage

/// Runs a machine to its end.
public enum Launcher {
    /// Starts QEMU and passes the program's input and output through until the machine is gone.
    ///
    /// While this runs, the first SIGINT, SIGTERM or SIGHUP asks the guest to end; a second one, or
    /// too long a wait, ends QEMU. Nothing is left behind: what was made is removed and QEMU killed
    /// on every way out. `timeoutSeconds` counts from the start of QEMU; nil waits for ever. A
    /// machine with a name stands in `machines` meanwhile.
    ///
    /// Throws what kept the machine from running; how the program ended is the result.
    public static func run(
        _ command: QEMUCommand, timeoutSeconds: Int? = nil, machines: MachineDirectory? = nil
    ) throws(LaunchError) -> LaunchOutcome {
        try occupyStandardDescriptors()
        try checkReadable(command.request.image)
        for forward in command.request.forwards {
            try forward.checkIsFree()
        }
        var session = try LaunchSession(
            command, timeoutSeconds: timeoutSeconds,
            claim: try claim(command.request.name, in: machines))
        try session.register(command.request)
        session.watch()
        return try session.outcome(of: command)
    }

    private static func claim(
        _ name: MachineName?, in machines: MachineDirectory?
    ) throws(LaunchError) -> MachineClaim? {
        guard let name, let machines else { return nil }
        do {
            return try MachineClaim(name, in: machines)
        } catch {
            throw .machine(error)
        }
    }

    /// A closed standard descriptor becomes /dev/null. Otherwise a pipe of ours would get its number
    /// and the program's output would run into it.
    private static func occupyStandardDescriptors() throws(LaunchError) {
        for number: Int32 in 0...2 where fcntl(number, F_GETFD) < 0 {
            guard open("/dev/null", O_RDWR) == number else {
                throw .system("cannot open /dev/null")
            }
        }
    }

    private static func checkReadable(_ path: FilePath) throws(LaunchError) {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else {
            throw .cannotReadImage(path: path, errno: Errno(rawValue: errno))
        }
        defer { close(descriptor) }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw .cannotReadImage(path: path, errno: .isDirectory)
        }
    }
}
