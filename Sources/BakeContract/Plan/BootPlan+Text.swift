extension BootPlan {
    /// One step a line, as `bake config explain --plan` prints it.
    public var text: Bytes {
        var text: Bytes = []
        for step in steps { text += step.text + [ASCII.newline] }
        return text
    }
}

extension BootStep {
    /// What the step does, on one line: for the plan on the host, `bake.verbose` in the guest.
    public var text: Bytes {
        switch self {
        case .mountBasics: Bytes("mount /proc, /sys and /dev")
        case .loadModules: Bytes("load the modules")
        case .readSettings: Bytes("read the settings")
        case .checkDigest(let path, let byteCount, _):
            Bytes("check the digest of the \(byteCount) bytes of ") + shown(path)
        case .attachLoop(let path): Bytes("attach a loop device to ") + shown(path)
        case .setUpVerity(let device, let verity):
            Bytes("set up dm-verity over \(device.name), root hash ") + verity.rootHash
        case .mountBlob(let device): Bytes("mount the root file system from \(device.name)")
        case .overlay: Bytes("lay a writable layer in memory over it")
        case .unpackBlob(let path, _): Bytes("unpack ") + shown(path) + Bytes(" into memory")
        case .loadDrivers(.all): Bytes("load the drivers of all file systems the image brings")
        case .loadDrivers(.named(let names)): Bytes("load the drivers of ") + list(names)
        case .switchRoot: Bytes("switch to the new root")
        case .setHostname(let name): Bytes("set the host name to ") + shown(name)
        case .setKernelSetting(let setting):
            Bytes("write ") + shown(setting.value) + Bytes(" into /proc/sys/") + setting.path
        case .bringUpLoopback: Bytes("bring up the loopback interface")
        case .mount(let mount):
            Bytes("mount ") + shown(mount.source) + Bytes(" at ") + shown(mount.mountPoint)
                + Bytes(" as ") + shown(mount.fileSystem)
                + (mount.options.isEmpty ? [] : Bytes(" with ") + shown(mount.options))
        case .mountDisk(let disk): disk.text
        case .writeFile(let file):
            Bytes("write ") + shown(file.path) + Bytes(", \(file.contents.count) bytes, mode ")
                + Bytes(String(file.mode, radix: 8)) + Bytes(", owner \(file.user):\(file.group)")
        case .publishConfiguration: Bytes("write /rumpconfig.json")
        case .configureNetwork(let interfaces, _): NetworkInterface.planText(of: interfaces)
        case .sealRoot: Bytes("make the root read-only")
        case .setLimit(let limit):
            Bytes("set the limit ") + limit.text
        case .debugShell: Bytes("start a shell on the console")
        case .reportTiming: Bytes("tell on the console what each step took")
        case .runPrograms(let programs, let environment, let graceSeconds):
            Bytes("run") + environmentText(environment) + list(programs)
                + (graceSeconds == Configuration.defaultGraceSeconds
                    ? [] : Bytes(" (grace \(graceSeconds) s)"))
        case .becomeInit(let program, let environment):
            Bytes("hand over to") + environmentText(environment) + list([program])
        case .finish(.powerOff): Bytes("sync, unmount and power off")
        case .finish(.reboot): Bytes("sync, unmount and reboot")
        }
    }

    private func list(_ names: [Bytes]) -> Bytes {
        var text: Bytes = []
        for name in names { text += (text.isEmpty ? [] : Bytes(", ")) + shown(name) }
        return text
    }

    private func list(_ programs: [Program]) -> Bytes {
        var text: Bytes = []
        for program in programs { text += [ASCII.space] + program.text }
        return text
    }
}

extension BlockDevice {
    fileprivate var text: Bytes {
        guard let mountPoint else { return Bytes("wait for ") + shown(path) }
        return Bytes("mount ") + shown(path) + Bytes(" at ") + shown(mountPoint)
            + (fileSystem.map { Bytes(" as ") + shown($0) } ?? [])
            + (options.isEmpty ? [] : Bytes(" with ") + shown(options))
    }
}

extension BlobDevice {
    fileprivate var name: String {
        switch self {
        case .persistentMemory(let path): path.printable
        case .loop: "the loop device"
        case .verity: "the verity device"
        }
    }
}

extension Program {
    /// As a shell would take it, with what is not usual in brackets behind.
    fileprivate var text: Bytes {
        var text: Bytes = []
        for argument in arguments {
            if !text.isEmpty { text.append(ASCII.space) }
            text += Bytes(quotedArgument(argument).printable)
        }
        switch runMode {
        case .foreground: text += Bytes(";")
        case .background: text += Bytes(" &")
        case .pipe: text += Bytes(" |")
        }
        var notes: [Bytes] = []
        if let user { notes.append(Bytes("as ") + user.text) }
        if let workingDirectory { notes.append(Bytes("in ") + shown(workingDirectory)) }
        if !environment.isEmpty { notes.append(Bytes("with") + environmentText(environment)) }
        for limit in limits { notes.append(Bytes("limit ") + limit.text) }
        if let restart = restart.text { notes.append(restart) }
        if notes.isEmpty { return text }
        var brackets: Bytes = []
        for note in notes { brackets += (brackets.isEmpty ? [] : Bytes(", ")) + note }
        return text + Bytes(" (") + brackets + Bytes(")")
    }
}

extension ProgramUser {
    fileprivate var text: Bytes {
        guard let group else { return name(user) }
        return name(user) + [ASCII.colon] + name(group)
    }

    private func name(_ identity: Identity) -> Bytes {
        switch identity {
        case .number(let number): Bytes("\(number)")
        case .name(let name): shown(name)
        }
    }
}

private func environmentText(_ environment: [EnvironmentVariable]) -> Bytes {
    var text: Bytes = []
    for variable in environment {
        let assignment = variable.name + [ASCII.equals] + variable.value
        text += [ASCII.space] + Bytes(quotedArgument(assignment).printable)
    }
    return text
}

extension Program.Restart {
    /// nil for never.
    fileprivate var text: Bytes? {
        var text: Bytes
        switch policy {
        case .never: return nil
        case .onFailure: text = Bytes("again when it fails")
        case .always: text = Bytes("again whenever it ends")
        }
        if let limit { text += Bytes(", at most \(limit) times in a row") }
        let usual = Program.Restart(policy)
        if delaySeconds != usual.delaySeconds || longestDelaySeconds != usual.longestDelaySeconds {
            text += Bytes(", after \(delaySeconds) to \(longestDelaySeconds) s")
        }
        return text
    }
}

extension ResourceLimit {
    fileprivate var text: Bytes {
        name + Bytes(" to ") + limitText(soft) + Bytes(", at most ") + limitText(hard)
    }
}

private func limitText(_ value: UInt64) -> Bytes {
    value == .max ? Bytes("unlimited") : Bytes("\(value)")
}

private func shown(_ bytes: Bytes) -> Bytes {
    Bytes(bytes.printable)
}
