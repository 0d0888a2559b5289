import BakeContract
import CGuest

/// The time in which programs run: their channels to the host, their environment, and what PID 1
/// minds meanwhile.
struct Session: ~Copyable {
    private let system: LinuxSystem
    private let ports: Ports
    private let console: Int32
    private let nothing: Int32

    init(on system: LinuxSystem, ports: Ports) throws(GuestFailure) {
        self.system = system
        self.ports = ports
        do {
            nothing = try FileDescriptor(opening: "/dev/null".bytes, O_RDWR).release()
        } catch {
            throw .system("cannot open /dev/null", error)
        }
        console = openConsole() ?? nothing
    }

    func run(
        _ programs: [Program], environment: [EnvironmentVariable], limits: [ResourceLimit],
        graceSeconds: Int, background: BackgroundWork
    ) throws(GuestFailure) -> Supervisor.Outcome {
        let channels: Channels
        let signals: SignalDescriptor
        do {
            channels = try openChannels()
            signals = try SignalDescriptor()
        } catch {
            throw .system("cannot set up the programs' input and output", error)
        }
        let supervisor = Supervisor(
            ProgramJob.jobs(of: programs), graceSeconds: graceSeconds, channels: channels,
            launcher: launcher(environment, limits), scope: .machine, signals: signals,
            background: background)
        let outcome = supervisor.run()
        channels.closePorts()
        return outcome
    }

    /// Does not come back unless it fails.
    func become(
        _ program: Program, environment: [EnvironmentVariable], limits: [ResourceLimit]
    ) throws(GuestFailure) -> Never {
        let descriptors = StandardDescriptors(input: console, output: console, error: console)
        let reason = launcher(environment, limits).become(program, descriptors: descriptors)
        throw .cannotBecomeInit(program.bin, reason)
    }

    private func openChannels() throws(Errno) -> Channels {
        if ports.isEmpty { return Channels(console: console, nothing: nothing) }
        return try Channels(
            input: open(ports.input, O_RDONLY), output: open(ports.output, O_WRONLY),
            error: open(ports.error, O_WRONLY), console: console, nothing: nothing,
            now: system.uptime())
    }

    private func open(_ port: Bytes?, _ flags: Int32) throws(Errno) -> Int32? {
        guard let port else { return nil }
        return try FileDescriptor(opening: port, flags | O_NONBLOCK).release()
    }

    private func launcher(
        _ variables: [EnvironmentVariable], _ limits: [ResourceLimit]
    ) -> Launcher {
        var environment = usualEnvironment
        for variable in variables { set(variable.text, in: &environment) }
        // An image without these files has no users with names.
        let users = UserDatabase(
            passwd: (try? system.read("/etc/passwd".bytes, limit: 1 << 22)) ?? [],  // as said above
            group: (try? system.read("/etc/group".bytes, limit: 1 << 22)) ?? [])  // as said above
        let system = self.system
        return Launcher(environment: environment, limits: limits, users: users) {
            system.say($0)
        }
    }
}

/// What programs find unless the configuration says otherwise.
let usualEnvironment = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".bytes,
    "HOME=/root".bytes, "TERM=linux".bytes,
]

/// The terminal behind /dev/console, which (unlike /dev/console itself) can become a controlling
/// terminal; nil on a machine without any.
func openConsole() -> Int32? {
    let system = LinuxSystem()
    // A machine without a console has no such file, or nothing in it.
    let list = "/sys/class/tty/console/active".bytes
    let active = (try? system.read(list, limit: 256)) ?? []  // as said
    let names = active.trimmed.split(at: UInt8(ascii: " "))
    for path in [names.last.map { "/dev/".bytes + $0 }, "/dev/console".bytes] {
        guard let path, path != "/dev/".bytes else { continue }
        // The next one is tried.
        if let file = try? FileDescriptor(opening: path, O_RDWR | O_NOCTTY) {  // as said above
            return file.release()
        }
    }
    return nil
}
