import Glibc
import Synchronization

/// How long nothing may happen before a wait is given up. Every wait of a session shares one, and every byte that moves
/// on any of its connections renews it: a channel may idle as long as others work.
package final class Patience: Sendable {
    package let limit: Duration
    private let lastProgress = Atomic<UInt64>(MonotonicTime.now.nanoseconds)
    private let stopped = Atomic<Bool>(false)
    /// On the monotonic clock; 0 for none.
    private let deadline = Atomic<UInt64>(0)

    /// For how long a connection may be silent that others wait for.
    var silenceLimit: Duration { limit / 3 }

    /// How often a blocked call wakes to look here.
    package static let tick = Duration.milliseconds(100)

    package init(limit: Duration) { self.limit = limit }

    /// One that ends at a time, whatever moves.
    package init(until time: MonotonicTime) {
        limit = time.since(.now)
        setDeadline(time)
    }

    /// Something moved.
    package func renew() { lastProgress.store(MonotonicTime.now.nanoseconds, ordering: .relaxed) }

    /// Ends every wait at this time, whatever moves; nil takes it back.
    package func setDeadline(_ time: MonotonicTime?) { deadline.store(time?.nanoseconds ?? 0, ordering: .relaxed) }

    package var isPastDeadline: Bool {
        let time = deadline.load(ordering: .relaxed)
        return time != 0 && MonotonicTime.now.nanoseconds >= time
    }

    /// Ends every wait at its next tick.
    package func stop() { stopped.store(true, ordering: .releasing) }

    package var isStopped: Bool { stopped.load(ordering: .acquiring) }

    /// Throws when all is to end, whether or not anybody waits. Who waits in a task, as while a migration is set up, need
    /// not wait on when it is cancelled.
    package func checkStop() throws(TransportError) {
        guard !isStopped, !isPastDeadline, !Task.isCancelled else { throw .cancelled }
    }

    /// Throws when waiting on makes no sense.
    package func check(peer: String) throws(TransportError) {
        try checkStop()
        let last = MonotonicTime(nanoseconds: lastProgress.load(ordering: .relaxed))
        guard MonotonicTime.now.since(last) < limit else { throw .stalled(peer: peer, after: limit) }
    }
}

extension Patience {
    /// Blocks the thread, where there is nothing to wait on but time.
    package static func sleep(for time: Duration) {
        var wake = (MonotonicTime.now + time).timespec
        while unsafe clock_nanosleep(CLOCK_MONOTONIC, Int32(TIMER_ABSTIME), &wake, nil) == EINTR {}
    }
}
