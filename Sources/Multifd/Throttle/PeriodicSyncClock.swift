/// When to sync within a long iteration: at a tick before which no other sync has happened since the tick before. Never
/// in the first iteration, which copies everything anyhow.
package struct PeriodicSyncClock: Sendable {
    private let interval: Duration
    private var nextTick: Duration
    private var syncCountAtTick = 0

    /// - Parameter start: of the migration, on the clock that ``isSyncDue(at:dirtySyncCount:)`` is asked with.
    package init(interval: Duration, start: Duration = .zero) {
        self.interval = interval
        nextTick = start + interval
    }

    /// When it is worth asking again.
    package var nextTickTime: Duration { nextTick }

    /// Whether a sync is to be made now. When it says so, it counts on that sync being made.
    ///
    /// - Parameter dirtySyncCount: syncs so far; at most 1 means that the first iteration is not over.
    package mutating func isSyncDue(at now: Duration, dirtySyncCount: Int) -> Bool {
        guard now >= nextTick else { return false }
        // Ticks that passed while nobody asked are gone: one sync serves them all.
        nextTick += interval * (Int((now - nextTick) / interval) + 1)
        // A quotient of durations is rounded.
        if nextTick <= now { nextTick += interval }

        let isDue = dirtySyncCount > 1 && dirtySyncCount == syncCountAtTick
        syncCountAtTick = dirtySyncCount + (isDue ? 1 : 0)
        return isDue
    }
}
