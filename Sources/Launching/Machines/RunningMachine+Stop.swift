internal import CProcessHandle
internal import Glibc
internal import SystemPackage

extension RunningMachine {
    /// How much longer than its programs a machine may take: to power off, and for a guest that hears
    /// the button late.
    static let extraSeconds = 10

    public var stopTimeoutSeconds: Int { graceSeconds + Self.extraSeconds }

    /// Presses its power button and waits until it is gone; kills it when that takes too long, which
    /// is an error, or at once if that is wanted.
    public func stop(
        in directory: MachineDirectory, timeoutSeconds: Int, kills: Bool = false
    ) throws(MachineError) {
        let process = pidfd_open(pid, 0)
        guard process >= 0 else {
            if errno == ESRCH { return }
            throw .system("cannot open process \(pid)")
        }
        defer { close(process) }
        // The descriptor is of whoever has the number now.
        guard isRunning else { return }
        if !kills {
            pressPowerButton(directory.socket(of: name))
            if Self.waits(for: process, seconds: timeoutSeconds) {
                return waitForRemoval(directory)
            }
        }
        _ = pidfd_send_signal(process, SIGKILL, nil, 0)
        guard Self.waits(for: process, seconds: 5) else { throw .survives(name, pid: pid) }
        waitForRemoval(directory)
        if !kills { throw .killed(name, afterSeconds: timeoutSeconds) }
    }

    /// A descriptor of a process becomes readable when it has ended (pidfd_open(2)).
    private static func waits(for process: Int32, seconds: Int) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        var entry = pollfd(fd: process, events: Int16(POLLIN), revents: 0)
        while true {
            let rest = max(.zero, end - ContinuousClock.now)
            let milliseconds = min(rest / .milliseconds(1), 60_000)
            if poll(&entry, 1, Int32(milliseconds)) > 0 { return true }
            if rest == .zero { return false }
        }
    }

    /// Says so over QEMU's monitor (QMP). A QEMU that does not listen is killed when its time is
    /// over, so nothing that fails here is told.
    private func pressPowerButton(_ path: FilePath) {
        guard let monitor = connected(to: path) else { return }
        defer { close(monitor) }
        let text =
            #"{"execute":"qmp_capabilities"}"# + "\n" + #"{"execute":"system_powerdown"}"# + "\n"
        let bytes = Array(text.utf8)
        guard send(monitor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            return
        }
        // Both answers: a monitor that is closed before forgets what it has not carried out.
        var answers: [UInt8] = []
        var entry = pollfd(fd: monitor, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, 2000) > 0 {
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = read(monitor, &chunk, chunk.count)
            guard count > 0 else { return }
            answers += chunk.prefix(count)
            let lines = answers.split(separator: 0x0a)
            if lines.filter({ $0.starts(with: Array(#"{"return""#.utf8)) }).count >= 2 { return }
        }
    }

    /// QEMU makes the socket some time after it started.
    private func connected(to path: FilePath) -> Int32? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.string.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let end = ContinuousClock.now + .seconds(3)
        repeat {
            let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            guard number >= 0 else { return nil }
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { return number }
            close(number)
            usleep(20_000)
        } while isRunning && ContinuousClock.now < end
        return nil
    }

    /// Its `bake run` removes the files when it has passed on the last output; after a `bake run`
    /// that was killed nobody does.
    private func waitForRemoval(_ directory: MachineDirectory) {
        let file = directory.file(of: name)
        for _ in 0..<250 {
            let descriptor = file.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
            guard descriptor >= 0 else { return }
            defer { close(descriptor) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                // It may be the next machine's by now.
                guard MachineClaim.isFile(descriptor, at: file) else { return }
                MachineClaim.remove(directory.socket(of: name))
                MachineClaim.remove(file)
                return
            }
            usleep(20_000)
        }
    }
}
