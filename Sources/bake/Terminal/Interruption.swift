internal import BakeContract
internal import Baking
internal import Glibc
internal import Images

/// ^C and SIGTERM while something is written: what stands under the output's name stays, what was
/// begun beside it goes, and the status is 130.
enum Interruption {
    /// Written to by the signal handler, which may do little else (signal-safety(7)).
    nonisolated(unsafe) private static var pipeEnd: Int32 = -1

    /// From here on the process cleans up behind itself when it is told to end. Programs it starts
    /// have the default handling (execve(2) resets handlers).
    static func cleanUpWhenInterrupted() {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd = ends[1]
        let readEnd = ends[0]
        var thread = pthread_t()
        let argument = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
        argument.initialize(to: readEnd)
        let started = pthread_create(
            &thread, nil,
            { argument in
                let descriptor = argument!.load(as: Int32.self)
                var byte: UInt8 = 0
                guard read(descriptor, &byte, 1) == 1 else { return nil }
                Baker.abandonEdits()
                OutputFile.removeUnfinished()
                ReproducibilityCheck.abandon()
                ProgressLine.clear()
                // Not exit(3), which would take away what other threads still use.
                _exit(ExitStatus.interrupted.rawValue)
            }, argument)
        guard started == 0 else { return }
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in
                var byte: UInt8 = 1
                write(Interruption.pipeEnd, &byte, 1)
            }
        }
    }
}
