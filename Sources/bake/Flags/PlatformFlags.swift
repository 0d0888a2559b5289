internal import ArgumentParser
internal import BakeContract
internal import Glibc

/// What a platform would say to a machine that boots, for commands that work without one.
struct PlatformFlags: ParsableArguments {
    @Option(help: ArgumentHelp("A kernel command line.", valueName: "text"))
    var cmdline: String?

    @Option(
        help: ArgumentHelp(
            "That command line from a file, such as a copy of /proc/cmdline.", valueName: "file"))
    var cmdlineFile: String?

    @Option(
        help: ArgumentHelp(
            "What QEMU's -fw_cfg name=opt/io.bake/config hands over.", valueName: "file"))
    var fwCfg: String?

    @Option(
        help: ArgumentHelp(
            "An SMBIOS type 11 string, 'io.bake.config=...'; repeat it for more.",
            valueName: "text"))
    var smbios: [String] = []

    @Option(help: ArgumentHelp("The value of Xenstore's rumprun/cfg.", valueName: "file"))
    var xenstore: String?

    @Option(
        help: ArgumentHelp(
            "What is on a seed disk, NoCloud or ConfigDrive; of a file, its user data alone.",
            valueName: "dir|file"))
    var seed: String?

    @Option(
        help: ArgumentHelp(
            "What a cloud's metadata server answers: ec2:FILE (user data), gcp:FILE (bake-config).",
            valueName: "cloud:file"))
    var metadata: [String] = []

    func findings() throws(CommandFailure) -> PlatformFindings {
        var findings = PlatformFindings(commandLine: try commandLine())
        if let fwCfg { findings.firmwareTable = try InputText.bytes(of: fwCfg) }
        if let xenstore { findings.xenstore = try InputText.bytes(of: xenstore) }
        if let seed { findings.seeds = [try SeedInput.read(seed)] }
        if !smbios.isEmpty {
            guard let structure = SMBIOSSource.structure(of: smbios.map { Bytes($0.utf8) }) else {
                throw CommandFailure(
                    .usage, "--smbios takes up to 255 strings, none of them empty")
            }
            findings.smbios = [structure]
        }
        for answer in metadata { try add(answer, to: &findings) }
        return findings
    }

    private func add(
        _ answer: String, to findings: inout PlatformFindings
    ) throws(CommandFailure) {
        let parts = answer.split(separator: ":", maxSplits: 1).map(String.init)
        switch (parts.first, parts.count) {
        case ("ec2", 2): findings.ec2 = try InputText.bytes(of: parts[1])
        case ("gcp", 2): findings.gcp = try InputText.bytes(of: parts[1])
        default:
            throw CommandFailure(
                .usage, "--metadata wants ec2:FILE or gcp:FILE, not '\(answer)'")
        }
    }

    /// Bytes, as the kernel has them: a file holds what an argument as text could not.
    private func commandLine() throws(CommandFailure) -> Bytes {
        guard let cmdlineFile else { return Bytes((cmdline ?? "").utf8) }
        guard cmdline == nil else {
            throw CommandFailure(.usage, "--cmdline and --cmdline-file exclude each other")
        }
        var text = try InputText.bytes(of: cmdlineFile)
        while text.last == UInt8(ascii: "\n") { text.removeLast() }
        return text
    }
}

/// `--seed`
private enum SeedInput {
    static func read(_ path: String) throws(CommandFailure) -> SeedDiskSource {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw CommandFailure(
                .missingInput, "cannot read '\(path)': \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return SeedDiskSource(format: .noCloud, userData: try InputText.bytes(of: path))
        }
        let isConfigDrive = access("\(path)/openstack", F_OK) == 0
        let format: SeedDiskSource.Format = isConfigDrive ? .configDrive : .noCloud
        let seed = SeedDiskSource(
            format: format, metaData: try file(format.metaDataPath, in: path),
            userData: try file(format.userDataPath, in: path),
            configuration: try file(SeedDiskSource.Format.configurationPath, in: path))
        guard seed.metaData != nil || seed.userData != nil || seed.configuration != nil else {
            throw CommandFailure(
                .missingInput, "'\(path)' holds nothing that a seed disk has",
                hint: "user-data, meta-data, openstack/latest/user_data or rumpconfig.json")
        }
        return seed
    }

    private static func file(
        _ name: StaticString, in directory: String
    ) throws(CommandFailure) -> Bytes? {
        let path = "\(directory)/\(name)"
        return access(path, F_OK) == 0 ? try InputText.bytes(of: path) : nil
    }
}
