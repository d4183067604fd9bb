import Glibc

/// Time that threads spend on a core, without what they wait for one.
package enum CoreTime {
    /// What the calling thread has spent so far.
    package static var ofThisThread: Duration {
        var time = Glibc.timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
