import BakeContract
import CGuest

/// The machine itself.
struct LinuxSystem: GuestSystem {
    func setHostname(_ name: Bytes) throws(Errno) {
        try checked {
            withCString(name) { sethostname($0, name.count) }
        }
    }

    /// Sets it and puts back what was.
    func checkLimit(_ resource: Int32, soft: UInt64, hard: UInt64) throws(Errno) {
        var former = rlimit()
        try checked { guest_getrlimit(resource, &former) }
        var limit = rlimit(rlim_cur: rlim_t(soft), rlim_max: rlim_t(hard))
        try checked { guest_setrlimit(resource, &limit) }
        try checked { guest_setrlimit(resource, &former) }
    }

    func sleep(milliseconds: UInt64) {
        var time = timespec(
            tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
        nanosleep(&time, nil)
    }

    func uptime() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }

    /// One write, so that lines of several writers do not mix. A console that cannot be written
    /// to is nothing we could report anywhere.
    func say(_ line: Bytes) {
        let text = line + [UInt8(ascii: "\n")]
        _ = text.withUnsafeBytes { CGuest.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
