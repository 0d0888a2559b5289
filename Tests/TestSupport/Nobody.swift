import Foundation
import Glibc

/// Runs something as a user who owns nothing and may do nothing: as `nobody` where the tests run as
/// root, else as whoever runs them.
public enum Nobody {
    public static let id: UInt32 = 65534

    public enum Circumstances: Sendable {
        case ordinary
        /// Ids 200000 to 265535 are theirs in user namespaces. Only where `canHaveSubordinateIDs`.
        case subordinateIDs
        /// Nobody makes namespaces, as in most containers.
        case noNamespaces
    }

    public static let canHaveSubordinateIDs =
        geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/newuidmap")

    /// On a thread of its own: ids, mount namespace and seccomp filter are a thread's to Linux, and
    /// what the thread starts inherits them.
    public static func run<Result: Sendable>(
        _ circumstances: Circumstances = .ordinary, _ body: @escaping @Sendable () throws -> Result
    ) throws -> Result {
        let ranges = circumstances == .subordinateIDs ? try SubordinateIDs() : nil
        let work = Work {
            try ranges?.mount()
            if geteuid() == 0 { try dropPrivileges() }
            if circumstances == .noNamespaces { try NamespaceBan.impose() }
            return try body()
        }
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

    private static func dropPrivileges() throws {
        let nobody = Int(id)
        try ThreadCall.make(ThreadCall.setgroups, 0, 0)
        try ThreadCall.make(ThreadCall.setresgid, nobody, nobody, nobody)
        try ThreadCall.make(ThreadCall.setresuid, nobody, nobody, nobody)
    }
}

private class AnyWork {
    func run() {}
}

private final class Work<Result>: AnyWork {
    private let body: () throws -> Result
    var result: Swift.Result<Result, any Error>?

    init(_ body: @escaping () throws -> Result) {
        self.body = body
    }

    override func run() {
        result = Swift.Result { try body() }
    }
}

/// A seccomp(2) filter in which unshare(2) is not permitted.
private enum NamespaceBan {
    static func impose() throws {
        // BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K of linux/bpf_common.h: load the
        // number of the call; deny it (SECCOMP_RET_ERRNO with EPERM) or allow it.
        var program = [
            sock_filter(code: 0x20, jt: 0, jf: 0, k: 0),
            sock_filter(code: 0x15, jt: 0, jf: 1, k: UInt32(ThreadCall.unshare)),
            sock_filter(code: 0x06, jt: 0, jf: 0, k: 0x0005_0001),
            sock_filter(code: 0x06, jt: 0, jf: 0, k: 0x7fff_0000),
        ]
        try ThreadCall.make(ThreadCall.prctl, 38, 1)  // PR_SET_NO_NEW_PRIVS
        try program.withUnsafeMutableBufferPointer { program in
            var header = sock_fprog(len: UInt16(program.count), filter: program.baseAddress)
            try withUnsafeMutablePointer(to: &header) { header in
                // PR_SET_SECCOMP, SECCOMP_MODE_FILTER
                try ThreadCall.make(ThreadCall.prctl, 22, 2, Int(bitPattern: header))
            }
        }
    }

    /// struct sock_filter and sock_fprog of linux/filter.h.
    private struct sock_filter {
        let code: UInt16
        let jt: UInt8
        let jf: UInt8
        let k: UInt32
    }

    private struct sock_fprog {
        let len: UInt16
        let filter: UnsafeMutablePointer<sock_filter>?
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
        static let (setgroups, setresuid, setresgid) = (116, 117, 119)
        static let (mount, unshare, prctl) = (165, 272, 157)
    #elseif arch(arm64)
        static let (setgroups, setresuid, setresgid) = (159, 147, 149)
        static let (mount, unshare, prctl) = (40, 97, 167)
    #endif

    static func make(
        _ number: Int, _ first: Int = 0, _ second: Int = 0, _ third: Int = 0, _ fourth: Int = 0
    ) throws {
        guard call(number, first, second, third, fourth, 0) == 0 else {
            throw TestFailure("system call \(number): \(String(cString: strerror(errno)))")
        }
    }
}
