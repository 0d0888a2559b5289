import CGuest

/// All signals, blocked and read from a descriptor (signalfd(2)), so that the event loop is the
/// only place where anything happens. Its end gives the thread its old mask back.
struct SignalDescriptor: ~Copyable {
    private let descriptor: FileDescriptor
    private let previousMask: sigset_t

    /// To poll for input.
    var number: Int32 { descriptor.number }

    init() throws(Errno) {
        let (number, mask) = try blockEverySignal()
        descriptor = FileDescriptor(adopting: number)
        previousMask = mask
    }

    deinit {
        var mask = previousMask
        sigprocmask(SIG_SETMASK, &mask, nil)
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

/// Signals that come from now on wait until somebody reads them.
func blockSignals() {
    var every = sigset_t()
    sigfillset(&every)
    sigprocmask(SIG_BLOCK, &every, nil)
}

private func blockEverySignal() throws(Errno) -> (descriptor: Int32, previousMask: sigset_t) {
    var every = sigset_t()
    var previous = sigset_t()
    sigfillset(&every)
    try checked { sigprocmask(SIG_BLOCK, &every, &previous) }
    let descriptor = try checked { signalfd(-1, &every, guest_SFD_NONBLOCK_CLOEXEC) }
    return (descriptor, previous)
}
