/// Takes a share of a vCPU's time away: 10 ms of running, then 10 ms × p / (1 − p) of sleep, where p is the throttle
/// percentage / 100.
struct ThrottleSlice {
    private let throttle: ThrottlePercentage
    private var start: MonotonicTime
    /// Sleep that is still owed, negative when the last sleep was longer than asked for.
    private var owed = Duration.zero

    static let running = Duration.milliseconds(10)

    init(_ throttle: ThrottlePercentage, now: MonotonicTime) {
        self.throttle = throttle
        start = now
    }

    /// For how long to sleep now, if at all.
    func sleep(now: MonotonicTime) -> Duration? {
        guard throttle > .off else { return nil }
        let ran = now.since(start)
        guard ran >= Self.running else { return nil }
        // Of the time really run: a slice is a few steps longer than 10 ms.
        let asked = ran * throttle.rawValue / (100 - throttle.rawValue) + owed
        return asked > .zero ? asked : nil
    }

    /// The vCPU was to sleep for `asked` and slept for `slept`; the next slice begins.
    mutating func slept(_ slept: Duration, of asked: Duration, now: MonotonicTime) {
        owed = asked - slept
        start = now
    }
}
