internal import BakeContract
internal import Glibc
internal import SystemPackage
internal import Tools

/// A program we started, known by its process id until its end was seen.
struct ChildProcess {
    let pid: pid_t

    /// How a child ended.
    enum End: Equatable {
        case exited(Int32)
        case killed(signal: Int32)

        /// As a shell counts: 128 + signal.
        var status: Int32 {
            switch self {
            case .exited(let status): status
            case .killed(let signal): 128 + signal
            }
        }
    }

    /// Starts `arguments[0]` (a path) with our environment and exactly the given descriptors: key
    /// is the child's number, value ours. The child leads a process group of its own, so that ^C
    /// in a terminal reaches us alone, and has no signal blocked or ignored.
    static func spawn(
        _ arguments: [Bytes], descriptors: [Int32: FileDescriptor]
    ) throws(LaunchError) -> ChildProcess {
        // Moved out of the way first: a source must not be overwritten as another's target.
        let moved = descriptors.mapValues { fcntl($0.rawValue, F_DUPFD_CLOEXEC, 64) }
        defer { for descriptor in moved.values where descriptor >= 0 { close(descriptor) } }
        guard moved.values.allSatisfy({ $0 >= 0 }) else { throw .system("fcntl") }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, source) in moved {
            posix_spawn_file_actions_adddup2(&actions, source, number)
        }
        for number in numbersToClose() where descriptors[number] == nil {
            posix_spawn_file_actions_addclose(&actions, number)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        setUpSignals(&attributes)

        var pid: pid_t = 0
        var argv = arguments.map { strdup(terminated: $0) } + [nil]
        defer { for word in argv { free(word) } }
        let code = posix_spawn(&pid, argv[0]!, &actions, &attributes, &argv, environ)
        guard code == 0 else {
            throw .system(
                call: "cannot start \(String(cString: argv[0]!))", errno: Errno(rawValue: code))
        }
        return ChildProcess(pid: pid)
    }

    /// The end of the child if it has ended; asked again after that, nil is not meant. Never waits.
    func endIfEnded() -> End? {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
    }

    /// Waits at most so long. A child that hangs in the kernel outlives even SIGKILL.
    func end(within limit: Duration) -> End? {
        let deadline = ContinuousClock.now + limit
        while true {
            if let end = endIfEnded() { return end }
            guard ContinuousClock.now < deadline else { return nil }
            usleep(5000)
        }
    }

    func send(_ signal: Int32) {
        kill(pid, signal)
    }

    private static func setUpSignals(_ attributes: inout posix_spawnattr_t) {
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGCHLD] {
            sigaddset(&mask, signal)
        }
        posix_spawnattr_setsigdefault(&attributes, &mask)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    /// Every number another thread may be using just now, open or not (closing one that is not is
    /// no error to posix_spawn), and what /proc tells about higher ones.
    private static func numbersToClose() -> Set<Int32> {
        let limit = Int32(clamping: min(256, sysconf(Int32(_SC_OPEN_MAX))))
        return Set(3..<max(3, limit)).union(openDescriptors().filter { $0 > 2 })
    }

    /// The numbers open in this process; none where there is no /proc.
    private static func openDescriptors() -> [Int32] {
        // Without /proc there is nothing to read.
        let names = (try? namesInDirectory("/proc/self/fd")) ?? []  // as said above
        return names.compactMap { Int32($0) }
    }
}

/// A C string on the heap, for an argument vector.
private func strdup(terminated bytes: Bytes) -> UnsafeMutablePointer<CChar>? {
    bytes.withUnsafeBytes { source in
        let copy = malloc(source.count + 1)!.assumingMemoryBound(to: CChar.self)
        if let base = source.baseAddress {
            memcpy(copy, base, source.count)
        }
        copy[source.count] = 0
        return copy
    }
}

extension LaunchError {
    /// The failure of the system call just made.
    static func system(_ call: String) -> LaunchError {
        .system(call: call, errno: Errno(rawValue: errno))
    }
}
