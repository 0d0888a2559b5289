internal import Glibc
internal import SystemPackage
internal import Trees

extension Confinement {
    /// Runs the commands; returns when they and all they started have ended, where namespaces can
    /// see to that.
    func run(
        _ commands: Edit.Commands, in workshop: borrowing Workshop, ownTime: Int64
    ) throws(EditError) {
        var command = RunningCommand(
            arguments: arguments(commands.program, in: workshop),
            environment: environment(of: workshop, ownTime: ownTime),
            // Results are bake's to print: what the commands print is about them.
            input: .standardInput, output: .standardError, errors: .standardError,
            isInteractive: true)
        if case .shellText = commands {
            command.input = nil
            command.isInteractive = false
            if case .none = namespaces { command.isGroup = true }
        }
        registerCleanUp(of: workshop)
        let status = try run(command)
        guard status == 0 || commands == .interactive else {
            removeForeignFiles(of: workshop)
            throw .ended(commands, status: status, self)
        }
    }

    /// Why this confinement does not work here; nil when it does.
    func obstacle(in workshop: borrowing Workshop) throws(EditError) -> String? {
        let messages = try file("messages", in: workshop)
        defer { close(messages.rawValue) }
        let program = ["/bin/sh", "-c", ":"].map { Bytes($0.utf8) }
        let attempt = RunningCommand(
            arguments: arguments(program, in: workshop),
            environment: environment(of: workshop, ownTime: 0), errors: messages)
        do throws(Errno) {
            let status = try attempt.run()
            if status == 0 { return nil }
            let line = Self.contents(of: messages).split(separator: UInt8(ascii: "\n")).first
            return line.map { String(printable: Bytes($0)) } ?? "status \(status)"
        } catch {
            return "\(attempt.name): \(error)"
        }
    }

    func readOwners(in workshop: borrowing Workshop) throws(EditError) -> OwnerMap {
        switch namespaces {
        case .privileged: return .identity
        case .none:
            return geteuid() == 0 ? .identity : OwnerMap(rootIs: geteuid(), group: getegid())
        case .user:
            let users = try read("/proc/self/uid_map", in: workshop)
            return OwnerMap(users: users, groups: try read("/proc/self/gid_map", in: workshop))
        }
    }

    // MARK: Details

    private func read(
        _ file: String, in workshop: borrowing Workshop
    ) throws(EditError) -> String {
        let output = try self.file("output", in: workshop)
        defer { close(output.rawValue) }
        _ = try run(
            RunningCommand(
                arguments: asOwnerOfAll(words("cat", file)),
                environment: environment(of: workshop, ownTime: 0), output: output))
        return String(decoding: Self.contents(of: output), as: UTF8.self)
    }

    func run(_ command: RunningCommand) throws(EditError) -> Int {
        do {
            return try command.run()
        } catch {
            throw .tool(name: command.name, error)
        }
    }

    func file(
        _ name: String, in workshop: borrowing Workshop
    ) throws(EditError) -> FileDescriptor {
        do {
            return try workshop.file(name)
        } catch {
            throw .scratch(directory: workshop.path.string, error)
        }
    }

    /// Our environment would make the result ours: only what the commands need to reach a network
    /// and a terminal passes.
    func environment(of workshop: borrowing Workshop, ownTime: Int64) -> [Bytes] {
        let passed = [
            "TERM", "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "HTTP_PROXY",
            "HTTPS_PROXY", "NO_PROXY",
        ]
        var variables = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "USER=root", "LOGNAME=root", "LANG=C.UTF-8", "TZ=UTC", "SOURCE_DATE_EPOCH=\(ownTime)",
        ].map { Bytes($0.utf8) }
        variables += passed.compactMap(Self.variable)
        switch view {
        case .image: variables.append(Bytes("HOME=/root".utf8))
        case .host:
            variables.append(Bytes("BAKE_ROOT=\(workshop.tree.string)".utf8))
            variables += [Self.variable("HOME")].compactMap { $0 }
        }
        return variables
    }

    private static func variable(_ name: String) -> Bytes? {
        guard let value = getenv(name) else { return nil }
        let text = UnsafeRawBufferPointer(start: value, count: strlen(value))
        return Bytes("\(name)=".utf8) + Bytes(text)
    }
}

extension RunningCommand {
    /// Of the tool, for messages.
    var name: String { String(printable: arguments.first ?? []) }
}

extension Edit.Commands {
    fileprivate var program: [Bytes] {
        switch self {
        case .shellText(let text): ["/bin/sh", "-c"].map { Bytes($0.utf8) } + [text]
        case .argv(let words): words
        case .interactive:
            ["/bin/sh", "-c", "[ ! -x /bin/bash ] || exec /bin/bash; exec /bin/sh"]
                .map { Bytes($0.utf8) }
        }
    }
}
