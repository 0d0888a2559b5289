import CGuest

/// All signals, blocked and read from a descriptor (signalfd(2)), so that the event loop is the
/// only place where anything happens.
struct SignalDescriptor: ~Copyable {
    private let descriptor: FileDescriptor

    /// To poll for input.
    var number: Int32 { descriptor.number }

    init() throws(Errno) {
        var every = sigset_t()
        sigfillset(&every)
        try checked { sigprocmask(SIG_BLOCK, &every, nil) }
        descriptor = FileDescriptor(
            adopting: try checked { signalfd(-1, &every, guest_SFD_NONBLOCK_CLOEXEC) })
    }

    /// The next signal that came, nil when there is none.
    func next() -> Int32? {
        var information = signalfd_siginfo()
        let count = withUnsafeMutableBytes(of: &information) {
            read(descriptor.number, $0.baseAddress, $0.count)
        }
        guard count == MemoryLayout<signalfd_siginfo>.size else { return nil }
        return Int32(bitPattern: information.ssi_signo)
    }
}
