extension Configuration {
    /// The keys that say what to run. In one source at most one of them; across sources the last.
    static let workloadKeys: [StaticString] = ["rc", "cmdline", "init"]

    static func decodeWorkload(
        _ root: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> Workload {
        try checkSingleWorkload(root.value)
        var workload = Workload.nothing
        if let node = root["rc"] { workload = .programs(try decodePrograms(node, &unknown)) }
        if let node = root["cmdline"] { workload = .programs([try decodeCommand(node)]) }
        if let node = root["init"] { workload = .initProgram(try decodeCommand(node)) }
        guard let node = root["arguments"] else { return workload }
        let arguments = try node.strings("a list of strings")
        guard let replaced = workload.replacingArguments(arguments) else {
            throw ConfigurationFault(path: node.path, problem: .argumentsWithoutProgram)
        }
        return replaced
    }

    static func checkSingleWorkload(_ value: JSONValue) throws(ConfigurationFault) {
        var found: Bytes?
        for key in workloadKeys {
            let name = Bytes(key.description)
            guard let member = value[name], member != .null else { continue }
            if let found {
                throw ConfigurationFault(
                    path: ConfigurationPath([.key(name)]), isAboutKey: true,
                    problem: .conflict(found, name))
            }
            found = name
        }
    }

    private static func decodePrograms(
        _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> [Program] {
        let mustBe: StaticString = "a list of objects, at least one"
        guard node.value.array?.isEmpty == false else { throw node.fault(mustBe) }
        var programs: [Program] = []
        let entries = try node.elements(mustBe)
        for entry in entries { programs.append(try decodeProgram(entry, &unknown)) }
        if programs.last?.runMode == .pipe, let last = entries.last {
            let path = last.path.appending(Bytes("runmode"))
            throw ConfigurationFault(path: path, problem: .lastPipe(path))
        }
        return programs
    }

    private static func decodeProgram(
        _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> Program {
        try node.checkKeys(
            ["argv", "bin", "env", "limits", "restart", "runmode", "user", "workdir"], "an object",
            &unknown)
        let bin = try decodeBin(try node.required("bin"))
        // rumprun's argv begins behind argv[0], which is always `bin`.
        let arguments = try node["argv"]?.strings("a list of strings") ?? []
        var program = Program(bin: bin, arguments: [bin] + arguments)
        if let mode = node["runmode"] { program.runMode = try decodeRunMode(mode) }
        if let env = node["env"] { program.environment = try decodeEnvironment(env) }
        program.workingDirectory = try node["workdir"]?.absolutePath()
        if let user = node["user"] { program.user = try decodeUser(user) }
        if let restart = node["restart"] { program.restart = try decodeRestart(restart, &unknown) }
        if let limits = node["limits"] { program.limits = try decodeLimits(limits, &unknown) }
        return program
    }

    private static func decodeBin(_ node: JSONNode) throws(ConfigurationFault) -> Bytes {
        let bin = try node.cString()
        guard !bin.isEmpty, bin.count < 4096 else { throw node.fault("the name of a program") }
        return bin
    }

    /// `cmdline` and `init`: one line, the program first.
    private static func decodeCommand(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> Program {
        let line = try node.string()
        var arguments: [Bytes] = []
        do throws(ArgumentError) {
            arguments = try parseArguments(line)
        } catch {
            throw node.fault(error.mustBe)
        }
        guard let bin = arguments.first, !bin.isEmpty else {
            throw node.fault("a program and its arguments")
        }
        return Program(bin: bin, arguments: arguments)
    }

    private static func decodeRunMode(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> Program.RunMode {
        let mustBe: StaticString = "\"&\" (in the background), \"|\" (a pipe into the next) or \"\""
        let mode = try node.string(mustBe)
        if mode.isEmpty { return .foreground }
        return try node.choice("&", "|", mustBe) ? .background : .pipe
    }

    private static func decodeUser(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> ProgramUser {
        let mustBe: StaticString = "NAME, UID, NAME:GROUP or UID:GID"
        let text: Bytes
        if case .number(let digits) = node.value {
            text = digits
        } else {
            text = try node.string(mustBe)
        }
        let parts = text.split(separator: ASCII.colon, omittingEmptySubsequences: false)
        guard parts.count <= 2, let user = identity(Bytes(parts[0])) else {
            throw node.fault(mustBe)
        }
        guard parts.count == 2 else { return ProgramUser(user: user, group: nil) }
        guard let group = identity(Bytes(parts[1])) else { throw node.fault(mustBe) }
        return ProgramUser(user: user, group: group)
    }

    private static func identity(_ text: Bytes) -> ProgramUser.Identity? {
        guard let first = text.first else { return nil }
        if first == ASCII.minus || ASCII.isDigit(first) {
            // 2^32 - 1 means "leave it alone" to setuid(2).
            guard let number = unsignedNumber(text), number < UInt64(UInt32.max) else { return nil }
            return .number(UInt32(number))
        }
        return text.allSatisfy { $0 > 0x20 && $0 != 0x7f } ? .name(text) : nil
    }
}

extension Workload {
    /// With other arguments for the program they are meant for: the last foreground entry of `rc`
    /// (the last entry where all run in the background), `cmdline`, or `init`. Its name stays.
    func replacingArguments(_ arguments: [Bytes]) -> Workload? {
        switch self {
        case .nothing: return nil
        case .initProgram(var program):
            program.arguments = [program.bin] + arguments
            return .initProgram(program)
        case .programs(var programs):
            guard
                let index = programs.lastIndex(where: { $0.runMode == .foreground })
                    ?? programs.indices.last
            else { return nil }
            programs[index].arguments = [programs[index].bin] + arguments
            return .programs(programs)
        }
    }
}

extension ArgumentError {
    /// For `'cmdline' must be ...`.
    var mustBe: StaticString {
        switch problem {
        case .openQuote: "arguments with every quote closed"
        case .lastBackslash: "arguments that do not end in a backslash"
        }
    }
}
