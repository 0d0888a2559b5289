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
    private let users: UserDatabase
    private let say: (Bytes) -> Void

    /// `environment` is what every program gets, `NAME=VALUE`.
    init(environment: [Bytes], users: UserDatabase, say: @escaping (Bytes) -> Void) {
        self.environment = environment
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
        _ program: GuestProgram, _ descriptors: StandardDescriptors, takesTerminal: Bool
    ) -> Result {
        var credentials: Credentials?
        if let user = program.user {
            guard let found = users.credentials(for: user) else {
                return refuse(program, "there is no user '\(user.shown)' in the image", 126)
            }
            credentials = found
        }
        let variables = variables(for: program, credentials)
        let directory = program.directory ?? "/".bytes
        let searchPath = value(of: "PATH".bytes, in: variables) ?? []
        let path = search(program.bin, searchPath: searchPath, directory: directory)
        let request = SpawnRequest(
            path: path ?? program.bin, arguments: program.arguments, environment: variables,
            directory: directory, credentials: credentials, descriptors: descriptors,
            takesTerminal: takesTerminal)
        if path == nil {
            return refuse(program, "there is no such program in PATH (\(searchPath.shown))", 127)
        }
        do throws(SpawnError) {
            return .started(try spawn(request))
        } catch {
            return refuse(program, request, error)
        }
    }

    private func refuse(
        _ program: GuestProgram, _ request: SpawnRequest, _ error: SpawnError
    ) -> Result {
        switch error.step {
        case .fork, .descriptors:
            return refuse(program, "cannot make a process: \(error.errno.text)", 126)
        case .credentials:
            return refuse(program, "cannot become its user: \(error.errno.text)", 126)
        case .directory:
            let directory = request.directory.shown
            return refuse(
                program, "cannot enter the directory \(directory): \(error.errno.text)", 126)
        case .execution:
            let obstacle = obstacle(to: request, error.errno)
            return refuse(program, obstacle.reason, obstacle.shellStatus)
        }
    }

    private func refuse(_ program: GuestProgram, _ reason: String, _ status: Int32) -> Result {
        say("bake: error: cannot run '\(program.bin.shown)': \(reason)".bytes)
        return .failed(status: status)
    }

    /// PATH, HOME and TERM unless said otherwise; the user's home for one who has it.
    private func variables(
        for program: GuestProgram, _ credentials: Credentials?
    ) -> [Bytes] {
        var variables = environment
        if let credentials, !credentials.home.isEmpty {
            set("HOME=".bytes + credentials.home, in: &variables)
            set("USER=".bytes + credentials.name, in: &variables)
        }
        for variable in program.environment { set(variable, in: &variables) }
        return variables
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
        return ExecutionObstacle(errno: errno, path: path, kind: kind(following: path), head: head) {
            kind(following: $0) != nil
        }
    }
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
