internal import Glibc
internal import SystemPackage

/// Threads that all do the same. Dispatch's would not do: they need not run at the same time, and
/// here one waits for another.
struct WorkerThreads: ~Copyable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private var threads: [pthread_t] = []

    /// Starts as many as wanted, or as many as the machine grants: at least one.
    init(count: Int, _ run: @escaping @Sendable () -> Void) throws(BlobError) {
        let body = Body(run)
        for _ in 0..<count {
            var thread = pthread_t()
            let handed = Unmanaged.passRetained(body)
            let code = pthread_create(
                &thread, nil,
                { handed in
                    Unmanaged<Body>.fromOpaque(handed!).takeRetainedValue().run()
                    return nil
                }, handed.toOpaque())
            guard code == 0 else {
                handed.release()
                if threads.isEmpty { throw .thread(Errno(rawValue: code)) }
                return
            }
            threads.append(thread)
        }
    }

    /// Waits for the last of them.
    consuming func join() {
        for thread in threads { pthread_join(thread, nil) }
    }
}
