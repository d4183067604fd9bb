/// Takes a share of a vCPU's time away: 10 ms of running, then 10 ms × p / (1 − p) of sleep, where p is the throttle
/// percentage / 100.
package struct ThrottleSlice {
    private var throttle: ThrottlePercentage
    private var start: MonotonicTime
    /// Sleep that is still owed, negative when more was slept than asked for.
    private var owed = Duration.zero

    static let running = Duration.milliseconds(10)

    package init(_ throttle: ThrottlePercentage, now: MonotonicTime) {
        self.throttle = throttle
        start = now
    }

    /// For how long to sleep now, if at all.
    package func sleep(now: MonotonicTime) -> Duration? {
        guard throttle > .off else { return nil }
        let ran = now.since(start)
        guard ran >= Self.running else { return nil }
        // Of the time really run: a slice is a few steps longer than 10 ms.
        let asked = ran * throttle.rawValue / (100 - throttle.rawValue) + owed
        return asked > .zero ? asked : nil
    }

    /// The vCPU was to sleep for `asked` and slept for `slept`; the next slice begins.
    package mutating func slept(_ slept: Duration, of asked: Duration, now: MonotonicTime) {
        owed = asked - slept
        start = now
    }

    /// The vCPU was woken when it had slept for `slept`: it has run for as long as before, and owes that much less.
    package mutating func woken(after slept: Duration) {
        owed -= slept
        start = start + slept
    }

    /// Goes on with another percentage. The slice stays: with a new one at each change, a vCPU whose throttle changes every
    /// few ms would hardly sleep.
    package mutating func change(to throttle: ThrottlePercentage, now: MonotonicTime) {
        // What ran unthrottled owes nothing.
        let isNew = self.throttle == .off || throttle == .off
        self.throttle = throttle
        // What was slept under a higher percentage may be more than this one asks for, and is not given back.
        guard isNew || now.since(start) >= Self.running && sleep(now: now) == nil else { return }
        owed = .zero
        start = now
    }
}
