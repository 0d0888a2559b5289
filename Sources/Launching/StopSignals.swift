internal import Glibc
internal import Synchronization
internal import SystemPackage

/// While one of these lives, SIGINT, SIGTERM and SIGHUP are bytes in a pipe instead of the end of
/// the process, and SIGPIPE is an error of write(2). Signal dispositions belong to the whole
/// process, so there is one at a time.
struct StopSignals: ~Copyable {
    private static let handled = [SIGINT, SIGTERM, SIGHUP]

    private let pipe: DescriptorPair
    private var former: [(signal: Int32, action: sigaction)] = []

    init() throws(LaunchError) {
        pipe = try DescriptorPair()
        pipe.readEnd.setNonBlocking()
        pipe.writeEnd.setNonBlocking()
        let (isFirst, _) = wakeDescriptor.compareExchange(
            expected: -1, desired: pipe.writeEnd.rawValue, ordering: .sequentiallyConsistent)
        precondition(isFirst, "one launch at a time handles this process's signals")
        // A signal ignored from the start (nohup, a shell's background job) stays ignored.
        for signal in Self.handled {
            install(signal, replacingIgnored: false) { writeSignal($0) }
        }
        install(SIGPIPE, replacingIgnored: true, SIG_IGN)
    }

    deinit {
        for (signal, action) in former {
            var action = action
            sigaction(signal, &action, nil)
        }
        wakeDescriptor.store(-1, ordering: .sequentiallyConsistent)
        pipe.readEnd.discard()
        pipe.writeEnd.discard()
    }

    /// Polls as readable when a signal came.
    var descriptor: FileDescriptor { pipe.readEnd }

    /// The next signal that came, nil when none is left.
    func next() -> Int32? {
        var byte: UInt8 = 0
        return read(pipe.readEnd.rawValue, &byte, 1) == 1 ? Int32(byte) : nil
    }

    private mutating func install(
        _ signal: Int32, replacingIgnored: Bool, _ handler: @escaping @convention(c) (Int32) -> Void
    ) {
        var action = sigaction()
        sigaction(signal, nil, &action)
        let formerHandler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
        guard replacingIgnored || formerHandler != unsafeBitCast(SIG_IGN, to: Int.self) else {
            return
        }
        former.append((signal, action))
        var new = sigaction()
        new.__sigaction_handler.sa_handler = handler
        sigaction(signal, &new, nil)
    }
}

/// Where the signal handler writes; -1 when nobody listens.
private let wakeDescriptor = Atomic<Int32>(-1)

/// Does only what signal-safety(7) allows.
private func writeSignal(_ signal: Int32) {
    let savedErrno = errno
    var byte = UInt8(truncatingIfNeeded: signal)
    _ = write(wakeDescriptor.load(ordering: .relaxed), &byte, 1)
    errno = savedErrno
}
