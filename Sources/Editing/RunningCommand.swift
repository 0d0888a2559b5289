internal import Glibc
internal import Synchronization
internal import SystemPackage
internal import Trees

/// Starts programs and waits for them. Not swift-subprocess: a user who presses ^C in an
/// interactive shell must not end bake, and the shell must not inherit that deafness, which only
/// posix_spawn can arrange; and the process id is needed to end what runs when bake is told to end.
struct RunningCommand {
    /// With arguments[0] from the PATH.
    var arguments: [Bytes]
    /// `NAME=VALUE`.
    var environment: [Bytes]
    /// Nil: /dev/null, here and below.
    var input: FileDescriptor?
    var output: FileDescriptor?
    var errors: FileDescriptor?
    /// It talks with the user, to whom ^C belongs.
    var isInteractive = false
    /// No namespace ends its children with it, so they are ended as a group.
    var isGroup = false

    /// - Returns: the exit status; 128 + signal when a signal ended it.
    func run() throws(Errno) -> Int {
        let interrupts = isInteractive ? IgnoredInterrupts() : nil
        defer { interrupts?.restore() }
        let pid = try Self.running.start { () throws(Errno) in try spawn() }
        let status = Self.wait(for: pid)
        Self.running.end(pid)
        return status
    }

    private static func wait(for pid: pid_t) -> Int {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7f
        return Int(signal == 0 ? (status >> 8) & 0xff : 128 + signal)
    }

    private func spawn() throws(Errno) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Moved out of the way first: a source must not be overwritten as another's target.
        let sources = [input, output, errors].map { descriptor in
            descriptor.map { fcntl($0.rawValue, F_DUPFD_CLOEXEC, 64) }
        }
        defer { for case let source? in sources where source >= 0 { close(source) } }
        for (number, source) in zip(Int32(0)..., sources) {
            if let source {
                guard source >= 0 else { throw .tooManyOpenFiles }
                posix_spawn_file_actions_adddup2(&actions, source, number)
            } else {
                posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
            }
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        setUp(&attributes)

        var argv = arguments.map(Self.copy) + [nil]
        defer { for word in argv { free(word) } }
        var envp = environment.map(Self.copy) + [nil]
        defer { for word in envp { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, argv[0]!, &actions, &attributes, &argv, &envp)
        guard code == 0 else { throw Errno(rawValue: code) }
        return pid
    }

    private func setUp(_ attributes: inout posix_spawnattr_t) {
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        for signal in [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGCHLD] {
            sigaddset(&mask, signal)
        }
        posix_spawnattr_setsigdefault(&attributes, &mask)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        if isGroup {
            posix_spawnattr_setpgroup(&attributes, 0)
            flags |= POSIX_SPAWN_SETPGROUP
        }
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    private static func copy(_ bytes: Bytes) -> UnsafeMutablePointer<CChar>? {
        let word = malloc(bytes.count + 1)!.assumingMemoryBound(to: CChar.self)
        for (index, byte) in bytes.enumerated() { word[index] = CChar(bitPattern: byte) }
        word[bytes.count] = 0
        return word
    }
}

/// ^C and ^\ as system(3) has them while a program talks with the user.
private struct IgnoredInterrupts {
    private let handlers: [(Int32, sigaction)]

    init() {
        handlers = [SIGINT, SIGQUIT].map { number in
            var ignored = sigaction()
            ignored.__sigaction_handler.sa_handler = SIG_IGN
            var old = sigaction()
            sigaction(number, &ignored, &old)
            return (number, old)
        }
    }

    func restore() {
        for (number, handler) in handlers {
            var handler = handler
            sigaction(number, &handler, nil)
        }
    }
}

// MARK: Being told to end

extension RunningCommand {
    private static let running = Running()

    /// Ends what runs; whoever waits for it waits for good.
    static func stop() { running.stop() }

    /// Registers a command for `cleanUp`, under a name.
    static func addCleanUp(_ command: RunningCommand, for name: String) {
        running.setCleanUp(command, for: name)
    }

    static func removeCleanUp(for name: String) { running.setCleanUp(nil, for: name) }

    /// Runs what was registered: copies with files of other ids cannot be removed otherwise.
    static func cleanUp() {
        for command in running.cleanUps {
            guard let pid = try? command.spawn() else { continue }  // what is left is litter
            _ = wait(for: pid)
        }
    }
}

private final class Running: Sendable {
    private struct State {
        var processes: Set<pid_t> = []
        var isStopping = false
        var cleanUps: [String: RunningCommand] = [:]
    }

    private let state = Mutex(State())

    var cleanUps: [RunningCommand] { state.withLock { Array($0.cleanUps.values) } }

    func start(_ spawn: () throws(Errno) -> pid_t) throws(Errno) -> pid_t {
        // Held while it starts: a stop comes before, and nothing starts, or after, and ends it.
        let started: Result<pid_t, Errno> = state.withLock { state in
            if state.isStopping { return .failure(.interrupted) }
            do throws(Errno) {
                let pid = try spawn()
                state.processes.insert(pid)
                return .success(pid)
            } catch {
                return .failure(error)
            }
        }
        return try started.get()
    }

    func end(_ pid: pid_t) {
        let isStopping = state.withLock { state in
            state.processes.remove(pid)
            return state.isStopping
        }
        while isStopping { sleep(1) }
    }

    func stop() {
        state.withLock { state in
            state.isStopping = true
            for pid in state.processes {
                kill(pid, SIGKILL)
                // Where it leads a group of its own; no such group elsewhere.
                kill(-pid, SIGKILL)
            }
        }
    }

    func setCleanUp(_ command: RunningCommand?, for name: String) {
        state.withLock { $0.cleanUps[name] = command }
    }
}
