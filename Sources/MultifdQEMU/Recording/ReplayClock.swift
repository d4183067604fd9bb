package import Multifd

/// Where in a recording a guest is that is played at some rate, now and then paused or throttled. Time comes in.
package struct ReplayClock: Sendable {
    private var position = Duration.zero
    private var since: MonotonicTime
    /// Recorded time for each unit of real time; 0 while paused.
    package private(set) var rate = 0.0

    package init(at now: MonotonicTime) { since = now }

    /// From the beginning of the recording.
    package func position(at now: MonotonicTime) -> Duration { position + now.since(since) * rate }

    package mutating func setRate(_ rate: Double, at now: MonotonicTime) {
        position = position(at: now)
        since = now
        self.rate = rate
    }

    /// When a position will be reached, or an hour hence if that is sooner; nil if the clock stands still.
    package func time(of wanted: Duration) -> MonotonicTime? {
        guard rate > 0 else { return nil }
        return since + .seconds(min(max(0, (wanted - position).seconds) / rate, 3600))
    }
}
