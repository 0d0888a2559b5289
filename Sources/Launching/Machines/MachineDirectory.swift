internal import Glibc
public import SystemPackage
internal import Tools

/// Where the machines stand that this user's `bake run --name` started: for each a file
/// `NAME.machine`, locked as long as its `bake run` lives, and beside it `NAME.sock`, QEMU's monitor.
/// Nobody else can enter the directory.
public struct MachineDirectory: Equatable, Sendable {
    public let path: FilePath

    public init(path: FilePath) {
        self.path = path
    }

    /// `bake` below XDG_RUNTIME_DIR; for root without one /run/bake.
    public static func find(
        runtimeDirectory: String?
    ) throws(MachineError) -> MachineDirectory {
        if let runtimeDirectory, runtimeDirectory.hasPrefix("/") {
            return MachineDirectory(path: FilePath(runtimeDirectory).appending("bake"))
        }
        guard geteuid() == 0 else { throw .noRuntimeDirectory }
        return MachineDirectory(path: "/run/bake")
    }

    func file(of name: MachineName) -> FilePath { path.appending("\(name.text).machine") }
    func socket(of name: MachineName) -> FilePath { path.appending("\(name.text).sock") }

    /// Makes it where it is missing; refuses one that somebody else could write to.
    func prepare() throws(MachineError) {
        let made = path.withPlatformString { mkdir($0, 0o700) }
        guard made == 0 || errno == EEXIST else { throw .system("cannot make '\(path)'") }
        var status = stat()
        guard path.withPlatformString({ lstat($0, &status) }) == 0 else {
            throw .system("cannot read '\(path)'")
        }
        let isPrivate =
            status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
            && status.st_mode & 0o077 == 0
        guard isPrivate else { throw .notPrivate(path) }
    }

    /// The machines that run, by name. Files that a killed `bake run` left behind are passed over.
    public func machines() throws(MachineError) -> [RunningMachine] {
        let machines = try names().compactMap { machine(named: $0) }
        return machines.sorted { $0.name.text < $1.name.text }
    }

    /// Those with a file; without the directory none.
    private func names() throws(MachineError) -> [MachineName] {
        let files: [String]
        do {
            files = try namesInDirectory(path)
        } catch {
            if error.errno == .noSuchFileOrDirectory { return [] }
            throw .system(call: "cannot read '\(path)'", errno: error.errno)
        }
        return files.compactMap { file in
            guard file.hasSuffix(".machine") else { return nil }
            return MachineName(String(file.dropLast(".machine".count)))
        }
    }

    /// By its name, or by the process id of its QEMU.
    public func machine(_ wanted: String) throws(MachineError) -> RunningMachine {
        let machines = try machines()
        let found =
            machines.first { $0.name.text == wanted } ?? machines.first { "\($0.pid)" == wanted }
        guard let found else { throw .noMachine(wanted, running: machines.map(\.name.text)) }
        return found
    }

    /// Nil where there is none, or none that runs.
    func machine(named name: MachineName) -> RunningMachine? {
        RunningMachine(name: name, record: contents(of: file(of: name))).flatMap {
            $0.isRunning ? $0 : nil
        }
    }

    /// What is gone, or cannot be read, describes no machine.
    private func contents(of file: FilePath) -> [UInt8] {
        let descriptor = file.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16384)
        let count = read(descriptor, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }
}

/// What a machine may be called: letters, digits, `_`, `.` and `-`, at most 64, a letter or digit
/// first. It becomes the name of a file.
public struct MachineName: Equatable, Sendable {
    public let text: String

    public init?(_ text: String) {
        let isPlain: (UInt8) -> Bool = {
            (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
        }
        guard (1...64).contains(text.utf8.count), text.utf8.first.map(isPlain) == true,
            text.utf8.allSatisfy({ isPlain($0) || [0x2d, 0x2e, 0x5f].contains($0) })
        else { return nil }
        self.text = text
    }
}
