import Foundation
import Glibc

/// Runs something as a user who owns nothing and may do nothing: as `nobody` where the tests run as
/// root, else as whoever runs them.
public enum Nobody {
    public static let id: UInt32 = 65534

    /// Whether `run` can give the user ids of their own (`subordinateIDs`).
    public static let canHaveSubordinateIDs =
        geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/newuidmap")

    /// On a thread of its own: the ids and the mount namespace of Linux are a thread's, and what
    /// the thread starts inherits them.
    ///
    /// - Parameter subordinateIDs: lets `nobody` have ids 200000 to 265535 in user namespaces; only
    ///   where `canHaveSubordinateIDs`.
    public static func run<Result: Sendable>(
        subordinateIDs: Bool = false, _ body: @escaping @Sendable () throws -> Result
    ) throws -> Result {
        if geteuid() != 0 { return try body() }
        let ranges = subordinateIDs ? try SubordinateIDs() : nil
        let work = Work(body, ranges)
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(work)
        let code = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<AnyWork>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        guard code == 0 else { throw TestFailure("pthread_create: \(code)") }
        pthread_join(thread, nil)
        return try work.result!.get()
    }
}

private class AnyWork {
    func run() {}
}

private final class Work<Result>: AnyWork {
    private let body: () throws -> Result
    private let ranges: SubordinateIDs?
    var result: Swift.Result<Result, any Error>?

    init(_ body: @escaping () throws -> Result, _ ranges: SubordinateIDs?) {
        self.body = body
        self.ranges = ranges
    }

    override func run() {
        result = Swift.Result {
            try ranges?.mount()
            let nobody = Int(Nobody.id)
            try ThreadCall.make(ThreadCall.setgroups, 0, 0)
            try ThreadCall.make(ThreadCall.setresgid, nobody, nobody, nobody)
            try ThreadCall.make(ThreadCall.setresuid, nobody, nobody, nobody)
            return try body()
        }
    }
}

/// /etc/subuid and /etc/subgid of our own, for one thread and what it starts.
private final class SubordinateIDs {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("nobody:200000:65536\n", to: "ids")
    }

    func mount() throws {
        let newNamespace = 0x20000  // CLONE_NEWNS of linux/sched.h; sys/mount.h has the others
        try ThreadCall.make(ThreadCall.unshare, newNamespace)
        try mount("none", at: "/", flags: 1 << 18 | 1 << 14)  // MS_PRIVATE | MS_REC
        for file in ["/etc/subuid", "/etc/subgid"] {
            try mount(directory.path("ids"), at: file, flags: 1 << 12)  // MS_BIND
        }
    }

    private func mount(_ source: String, at target: String, flags: Int) throws {
        try source.withCString { source in
            try target.withCString { target in
                try ThreadCall.make(
                    ThreadCall.mount, Int(bitPattern: source), Int(bitPattern: target), 0, flags)
            }
        }
    }
}

/// System calls past the C library, which would make them for every thread.
private enum ThreadCall {
    // syscall(2) is variadic, which Swift does not import; its arguments are words all the same.
    private typealias Call = @convention(c) (Int, Int, Int, Int, Int, Int) -> Int
    private static let call = unsafeBitCast(dlsym(nil, "syscall"), to: Call.self)

    // asm/unistd_64.h and asm-generic/unistd.h; the macros do not reach Swift.
    #if arch(x86_64)
        static let (setgroups, setresuid, setresgid, mount, unshare) = (116, 117, 119, 165, 272)
    #elseif arch(arm64)
        static let (setgroups, setresuid, setresgid, mount, unshare) = (159, 147, 149, 40, 97)
    #endif

    static func make(
        _ number: Int, _ first: Int = 0, _ second: Int = 0, _ third: Int = 0, _ fourth: Int = 0
    ) throws {
        guard call(number, first, second, third, fourth, 0) == 0 else {
            throw TestFailure("system call \(number): \(String(cString: strerror(errno)))")
        }
    }
}
