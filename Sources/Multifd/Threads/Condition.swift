import Glibc

/// A value behind a lock, with a condition to wait for. `Synchronization` has no condition variable; this file is the
/// only one that knows POSIX's.
@safe
package final class Condition<Value: ~Copyable>: @unchecked Sendable {  // every access to `value` holds the mutex
    // Heap storage, because the address of a POSIX mutex must not change.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    package init(_ value: consuming Value) {
        self.value = value
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        // Deadlines are of the monotonic clock: setting the time must not move them.
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Runs `body` with the lock held, then wakes all who wait.
    @discardableResult
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_cond_broadcast(condition)
            unsafe pthread_mutex_unlock(mutex)
        }
        return try body(&value)
    }

    /// The same, but wakes those who wait only if `body` says that there is something for them.
    package func withLock<Result>(waking body: (inout Value) -> (result: Result, wakes: Bool)) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        let (result, wakes) = body(&value)
        if wakes { unsafe pthread_cond_broadcast(condition) }
        return result
    }

    /// Runs `body`, which changes nothing, with the lock held.
    package func read<Result>(_ body: (borrowing Value) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body(value)
    }

    /// Like ``withLock(_:)``, unless somebody else holds the lock.
    ///
    /// - Returns: what `body` returned, or nil when it did not run.
    package func withLockIfAvailable<Result>(_ body: (inout Value) -> Result) -> Result? {
        guard unsafe pthread_mutex_trylock(mutex) == 0 else { return nil }
        defer {
            unsafe pthread_cond_broadcast(condition)
            unsafe pthread_mutex_unlock(mutex)
        }
        return body(&value)
    }

    /// Waits, with the lock held whenever `body` runs, until it returns something.
    ///
    /// - Returns: what `body` returned, or nil when the deadline passed first.
    package func wait<Result>(until deadline: MonotonicTime? = nil, _ body: (inout Value) -> Result?) -> Result? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        // A loop, because POSIX allows a wait to end without a reason.
        while true {
            if let result = body(&value) { return result }
            if let deadline {
                var time = deadline.timespec
                let code = unsafe pthread_cond_timedwait(condition, mutex, &time)
                if code == ETIMEDOUT { return body(&value) }
            } else {
                unsafe pthread_cond_wait(condition, mutex)
            }
        }
    }
}
