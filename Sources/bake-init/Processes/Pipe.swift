import CGuest

/// Both ends of a pipe(2), close-on-exec. They are numbers, since they live in tables of the
/// event loop; whoever made the pipe closes them.
struct Pipe {
    let readEnd: Int32
    let writeEnd: Int32

    init() throws(Errno) {
        var ends: (Int32, Int32) = (-1, -1)
        try checked {
            withUnsafeMutableBytes(of: &ends) {
                pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
            }
        }
        (readEnd, writeEnd) = ends
        for end in [readEnd, writeEnd] { _ = guest_fcntl(end, F_SETFD, FD_CLOEXEC) }
    }
}

/// PID 1 never waits in a read or write of its own; the flag is on its end of a pipe alone.
func makeNonBlocking(_ descriptor: Int32) {
    let flags = guest_fcntl(descriptor, F_GETFL, 0)
    if flags >= 0 { _ = guest_fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
}
