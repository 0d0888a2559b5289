import BakeContract
import CGuest

/// Starts a program and returns its process id, once execve(2) has succeeded. The child says over
/// a close-on-exec pipe what went wrong before.
func spawn(_ request: SpawnRequest) throws(SpawnError) -> pid_t {
    // Everything that needs memory is made before the fork.
    let path = CStringArray([request.path])
    let directory = CStringArray([request.directory])
    let arguments = CStringArray(request.arguments)
    let environment = CStringArray(request.environment)

    let report: Pipe
    let reader: FileDescriptor
    do {
        report = try Pipe()
        reader = FileDescriptor(adopting: report.readEnd)
    } catch {
        throw SpawnError(step: .fork, errno: error)
    }
    let child = guest_fork()
    if child == 0 {
        let failure = becomeProgram(
            request, path: path[0]!, directory: directory[0]!, arguments: arguments.pointer,
            environment: environment.pointer)
        var message = (failure.step.rawValue, failure.errno.code)
        withUnsafeBytes(of: &message) {
            _ = CGuest.write(report.writeEnd, $0.baseAddress, $0.count)
        }
        _exit(127)
    }
    let forkError = Errno.last
    close(report.writeEnd)
    if child < 0 { throw SpawnError(step: .fork, errno: forkError) }

    let message: Bytes
    do {
        message = try reader.read(limit: 8)
    } catch {
        throw SpawnError(step: .fork, errno: error)
    }
    guard message.count == 8 else { return child }
    while waitpid(child, nil, 0) == -1, Errno.last.code == EINTR {}
    let numbers = message.withUnsafeBytes { $0.loadUnaligned(as: (Int32, Int32).self) }
    throw SpawnError(
        step: SpawnError.Step(rawValue: numbers.0) ?? .execution, errno: Errno(numbers.1))
}

/// The same without a new process: PID 1 becomes the program. Returns only when that fails.
func becomeInPlace(_ request: SpawnRequest) -> SpawnError {
    let path = CStringArray([request.path])
    let directory = CStringArray([request.directory])
    let arguments = CStringArray(request.arguments)
    let environment = CStringArray(request.environment)
    return becomeProgram(
        request, path: path[0]!, directory: directory[0]!, arguments: arguments.pointer,
        environment: environment.pointer)
}

/// The child's way from fork to execve(2): system calls only. Returns when one fails.
private func becomeProgram(
    _ request: SpawnRequest, path: UnsafePointer<CChar>, directory: UnsafePointer<CChar>,
    arguments: UnsafePointer<UnsafeMutablePointer<CChar>?>,
    environment: UnsafePointer<UnsafeMutablePointer<CChar>?>
) -> SpawnError {
    setsid()
    guard dup2(request.descriptors.input, STDIN_FILENO) >= 0,
        dup2(request.descriptors.output, STDOUT_FILENO) >= 0,
        dup2(request.descriptors.error, STDERR_FILENO) >= 0
    else { return SpawnError(step: .descriptors, errno: .last) }
    if request.takesTerminal {
        // Without it the program still runs, only without job control.
        _ = guest_ioctl_number(STDIN_FILENO, guest_TIOCSCTTY, 1)
    }

    // PID 1 is the last the kernel may kill for memory, its programs are not.
    let score = guest_open("/proc/self/oom_score_adj", O_WRONLY, 0)
    if score >= 0 {
        _ = CGuest.write(score, "0", 1)
        close(score)
    }

    // Before it gives up being root, which may raise them too.
    for limit in request.limits {
        var value = rlimit(rlim_cur: rlim_t(limit.soft), rlim_max: rlim_t(limit.hard))
        guard guest_setrlimit(limit.resource, &value) == 0 else {
            return SpawnError(step: .limits, errno: .last)
        }
    }
    if let credentials = request.credentials {
        let groups = credentials.supplementaryGroups
        guard groups.withUnsafeBufferPointer({ setgroups($0.count, $0.baseAddress) }) == 0,
            setgid(credentials.group) == 0, setuid(credentials.user) == 0
        else { return SpawnError(step: .credentials, errno: .last) }
    }
    guard chdir(directory) == 0 else { return SpawnError(step: .directory, errno: .last) }

    // The mask PID 1 has for its signalfd must not reach the program, and whoever started us may
    // have been ignoring broken pipes.
    guest_default_signal(SIGPIPE)
    var none = sigset_t()
    sigemptyset(&none)
    sigprocmask(SIG_SETMASK, &none, nil)
    execve(path, arguments, environment)
    return SpawnError(step: .execution, errno: .last)
}

/// A NULL-terminated array of C strings. Bytes behind a NUL are cut off by what C strings are;
/// the configuration refuses them earlier.
final class CStringArray {
    let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [Bytes]) {
        count = strings.count
        pointer = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() {
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: string.count + 1)
            for (offset, byte) in string.enumerated() { copy[offset] = CChar(bitPattern: byte) }
            copy[string.count] = 0
            pointer[index] = copy
        }
        pointer[count] = nil
    }

    deinit {
        for index in 0..<count { pointer[index]?.deallocate() }
        pointer.deallocate()
    }

    subscript(index: Int) -> UnsafePointer<CChar>? { pointer[index].map { UnsafePointer($0) } }
}
