internal import Glibc
internal import SystemPackage

extension BakeRequest {
    /// As the second bake takes it: what makes no difference is done in another way.
    public mutating func disturb() {
        reversesNames = true
        reuse.isWanted = false
        workerCount = sysconf(Int32(_SC_NPROCESSORS_ONLN)) == 1 ? 3 : 1
    }
}

/// What surrounds a bake and must make no difference, changed for a second one.
struct Disturbance {
    /// Changes to the environment of the second bake's process.
    private(set) var environment: [String: String] = [:]
    /// What is changed, and what stays as it is: nouns.
    private(set) var changed = [
        "umask", "current directory and paths", "name of the output", "order of directory entries",
        "number of threads", "reuse of older blocks",
    ]
    private(set) var unchanged = ["user", "file system"]

    /// - Parameters:
    ///   - present: this process's environment.
    ///   - home, temporary: directories for the second bake.
    init(of present: [String: String], home: FilePath, temporary: FilePath) {
        // A zone with minutes, and a language whose upper and lower case is its own.
        change("TZ", to: "Asia/Kathmandu", or: "America/St_Johns", present, "time zone")
        change("LC_ALL", to: "tr_TR.UTF-8", or: "C", present, "locale")
        environment["LANG"] = environment["LC_ALL"]
        environment["HOME"] = home.string
        environment["TMPDIR"] = temporary.string
        changed.append("home and temporary directory")
        disturbClock(present)
    }

    private mutating func change(
        _ name: String, to value: String, or other: String, _ present: [String: String],
        _ noun: String
    ) {
        environment[name] = present[name] == value ? other : value
        changed.append(noun)
    }

    /// With libfaketime (Debian's package faketime), where it is installed.
    private mutating func disturbClock(_ present: [String: String]) {
        guard let library = Self.clockLibraries.first(where: { access($0, R_OK) == 0 }) else {
            unchanged.append("clock (apt-get install faketime)")
            return
        }
        let others = present["LD_PRELOAD"].map { ":\($0)" } ?? ""
        environment["LD_PRELOAD"] = library + others
        environment["FAKETIME"] = "+400d"
        // The times of files are the user's: they are no part of the clock.
        environment["NO_FAKE_STAT"] = "1"
        environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
        changed.append("clock")
    }

    private static let clockLibraries = [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib64/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1",
    ]
}
