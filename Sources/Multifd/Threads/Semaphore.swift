import CLinux
import Glibc

/// A counting semaphore. As long as there is something to take, taking is one atomic operation and no system call.
@safe
package struct Semaphore: ~Copyable, @unchecked Sendable {  // POSIX semaphores are for many threads
    // Heap storage, because a semaphore's address must not change.
    private let semaphore: UnsafeMutablePointer<sem_t>

    package init(_ value: UInt32) {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe sem_init(semaphore, 0, value)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    package func signal() { _ = unsafe sem_post(semaphore) }

    package func wait() {
        // Fails only when a signal handler interrupts it.
        while unsafe sem_wait(semaphore) != 0 {}
    }

    /// Returns false when there was nothing to take until the deadline.
    package func wait(until deadline: MonotonicTime) -> Bool {
        let time = deadline.timespec
        while unsafe CLinux_sem_wait_until(semaphore, Int64(time.tv_sec), Int64(time.tv_nsec)) != 0 {
            guard errno == EINTR else { return false }
        }
        return true
    }
}
