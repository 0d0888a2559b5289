import BakeContract
import CGuest

/// Finds programs in the image and starts them; what cannot be started is said on the console.
final class Launcher {
    enum Result: Equatable {
        case started(pid_t)
        /// 126 or 127, as a shell would.
        case failed(status: Int32)
    }

    private let environment: [Bytes]
    private let limits: [ResourceLimit]
    private let users: UserDatabase
    private let say: (Bytes) -> Void

    /// `environment` is what every program gets, `NAME=VALUE`; `limits` likewise.
    init(
        environment: [Bytes], limits: [ResourceLimit] = [], users: UserDatabase,
        say: @escaping (Bytes) -> Void
    ) {
        self.environment = environment
        self.limits = limits
        self.users = users
        self.say = say
    }

    func uptime() -> UInt64 { LinuxSystem().uptime() }

    /// One result for each program of the job, in order.
    func start(_ job: ProgramJob, channels: Channels) -> [Result] {
        var results: [Result] = []
        var input = job.isBackground ? channels.nothing : channels.descriptors.input
        var pipeToNext: Pipe?
        for (index, program) in job.programs.enumerated() {
            let previous = pipeToNext
            pipeToNext = nil
            if let previous { input = previous.readEnd }
            var descriptors = channels.descriptors
            descriptors.input = input
            if index < job.programs.count - 1 {
                do {
                    let pipe = try Pipe()
                    descriptors.output = pipe.writeEnd
                    pipeToNext = pipe
                } catch {
                    say("bake: error: cannot make a pipe: \(error.text)".bytes)
                }
            }
            let isForeground = !job.isBackground && index == 0
            results.append(
                start(
                    program, descriptors,
                    takesTerminal: isForeground && channels.hasTerminal))
            if let previous { close(previous.readEnd) }
            if let pipeToNext { close(pipeToNext.writeEnd) }
        }
        return results
    }

    private func start(
        _ program: Program, _ descriptors: StandardDescriptors, takesTerminal: Bool
    ) -> Result {
        do throws(Refusal) {
            let request = try request(for: program, descriptors, takesTerminal: takesTerminal)
            do throws(SpawnError) {
                return .started(try spawn(request))
            } catch {
                throw refusal(request, error)
            }
        } catch {
            tell(
                "bake: error: cannot run '\(program.bin.shown)': \(error.reason)".bytes,
                through: descriptors)
            return .failed(status: error.status)
        }
    }

    /// Says a line where the program would have complained, as a shell does; on the console where
    /// there is no room: PID 1 empties that pipe itself and must not wait for it.
    func tell(_ line: Bytes, through descriptors: StandardDescriptors) {
        let text = line + [UInt8(ascii: "\n")]
        var entry = pollfd(fd: descriptors.error, events: Int16(POLLOUT), revents: 0)
        // A pipe that is ready takes PIPE_BUF bytes at once (pipe(7)).
        let isReady = poll(&entry, 1, 0) == 1 && Int32(entry.revents) & POLLOUT != 0
        guard isReady, text.count <= 4096 else { return say(line) }
        _ = text.withUnsafeBytes { write(descriptors.error, $0.baseAddress, $0.count) }
    }

    /// Takes this process's place; returns, with the reason, only when that fails.
    func become(_ program: Program, descriptors: StandardDescriptors) -> String {
        do throws(Refusal) {
            let request = try request(for: program, descriptors, takesTerminal: false)
            return refusal(request, becomeInPlace(request)).reason
        } catch {
            return error.reason
        }
    }

    private func request(
        for program: Program, _ descriptors: StandardDescriptors, takesTerminal: Bool
    ) throws(Refusal) -> SpawnRequest {
        var credentials: Credentials?
        if let user = program.user {
            credentials = users.credentials(for: user)
            guard credentials != nil else {
                throw Refusal(reason: "the image has no such user or group", status: 126)
            }
        }
        let variables = variables(for: program, credentials)
        let directory = program.workingDirectory ?? "/".bytes
        let searchPath = value(of: "PATH".bytes, in: variables) ?? []
        guard let path = search(program.bin, searchPath: searchPath, directory: directory) else {
            throw Refusal(
                reason: "there is no such program in PATH (\(searchPath.shown))", status: 127)
        }
        return SpawnRequest(
            path: path, arguments: program.arguments, environment: variables,
            directory: directory, credentials: credentials, limits: limits(for: program),
            descriptors: descriptors, takesTerminal: takesTerminal)
    }

    private func refusal(_ request: SpawnRequest, _ error: SpawnError) -> Refusal {
        switch error.step {
        case .fork, .descriptors:
            return Refusal(reason: "cannot make a process: \(error.errno.text)", status: 126)
        case .limits:
            return Refusal(reason: "cannot set its limits: \(error.errno.text)", status: 126)
        case .credentials:
            return Refusal(reason: "cannot become its user: \(error.errno.text)", status: 126)
        case .directory:
            let directory = request.directory.shown
            return Refusal(
                reason: "cannot enter the directory \(directory): \(error.errno.text)", status: 126)
        case .execution:
            let obstacle = obstacle(to: request, error.errno)
            return Refusal(reason: obstacle.reason, status: obstacle.shellStatus)
        }
    }

    /// PATH, HOME and TERM unless said otherwise; the user's home for one who has it.
    private func variables(
        for program: Program, _ credentials: Credentials?
    ) -> [Bytes] {
        var variables = environment
        if let credentials, !credentials.home.isEmpty {
            set("HOME=".bytes + credentials.home, in: &variables)
            set("USER=".bytes + credentials.name, in: &variables)
        }
        for variable in program.environment { set(variable.text, in: &variables) }
        return variables
    }

    /// The program's own before those of all.
    private func limits(for program: Program) -> [ResourceLimit] {
        let others = limits.filter { limit in
            !program.limits.contains { $0.resource == limit.resource }
        }
        return others + program.limits
    }

    /// The first place with a file that may be executed, else with any file; nil where the program
    /// is a bare name and in no directory of PATH.
    private func search(_ bin: Bytes, searchPath: Bytes, directory: Bytes) -> Bytes? {
        if bin.contains(UInt8(ascii: "/")) { return bin }
        let candidates = candidatePaths(for: bin, searchPath: searchPath)
            .map { absolute($0, from: directory) }
        return candidates.first { isExecutableFile($0) }
            ?? candidates.first { kind(following: $0) == .file }
    }

    private func isExecutableFile(_ path: Bytes) -> Bool {
        kind(following: path) == .file && withCString(path) { access($0, X_OK) } == 0
    }

    private func kind(following path: Bytes) -> FileKind? {
        var status = stat()
        return withCString(path, { stat($0, &status) }) == 0 ? FileKind(mode: status.st_mode) : nil
    }

    private func obstacle(to request: SpawnRequest, _ errno: Errno) -> ExecutionObstacle {
        let path = absolute(request.path, from: request.directory)
        // A program that cannot be read is explained by the errno alone.
        let head = try? LinuxSystem().read(path, limit: programHeadByteCount)  // as said above
        return ExecutionObstacle(errno: errno, path: path, kind: kind(following: path), head: head)
        {
            kind(following: $0) != nil
        }
    }
}

/// Why a program was not started.
private struct Refusal: Error {
    var reason: String
    /// 126 or 127.
    var status: Int32
}

extension EnvironmentVariable {
    /// `NAME=VALUE`
    var text: Bytes { name + [UInt8(ascii: "=")] + value }
}

/// Puts `NAME=VALUE` where NAME was, or behind everything.
func set(_ variable: Bytes, in variables: inout [Bytes]) {
    let name = variable.prefix { $0 != UInt8(ascii: "=") } + [UInt8(ascii: "=")]
    if let index = variables.firstIndex(where: { $0.starts(with: name) }) {
        variables[index] = variable
    } else {
        variables.append(variable)
    }
}

func value(of name: Bytes, in variables: [Bytes]) -> Bytes? {
    let start = name + [UInt8(ascii: "=")]
    return variables.first { $0.starts(with: start) }.map { Bytes($0.dropFirst(start.count)) }
}
