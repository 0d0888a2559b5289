internal import Glibc

/// State that threads share: one at a time, and able to wait for what another one does.
final class Monitor<State: ~Copyable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: [UnsafeMutablePointer<pthread_cond_t>]
    private var state: State

    /// - Parameter conditionCount: how many different things can be waited for.
    init(_ state: consuming State, conditionCount: Int = 0) {
        self.state = state
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        changed = (0..<conditionCount).map { _ in
            let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
            condition.initialize(to: pthread_cond_t())
            pthread_cond_init(condition, nil)
            return condition
        }
    }

    deinit {
        for condition in changed {
            pthread_cond_destroy(condition)
            condition.deallocate()
        }
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func withLock<Value, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Asks again after every change of the condition until there is an answer.
    func wait<Value, Failure: Error>(
        for condition: Int, _ answer: (inout State) throws(Failure) -> Value?
    ) throws(Failure) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let value = try answer(&state) { return value }
            pthread_cond_wait(changed[condition], mutex)
        }
    }

    func wakeOne(_ condition: Int) { pthread_cond_signal(changed[condition]) }

    func wakeAll(_ condition: Int) { pthread_cond_broadcast(changed[condition]) }
}
