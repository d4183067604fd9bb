/// Holds a vCPU to a rate, by the time in which it runs: time paused and time asleep for a throttle do not count, so
/// that a throttled guest writes less, as a real one does, and does not catch up.
///
/// It only delays steps: what they do does not depend on it.
struct Pace {
    private let stepInterval: Duration
    /// When all steps executed so far are due.
    private var due: MonotonicTime

    /// A vCPU that was held up, by page faults or other processes, makes up for this much and no more.
    private static let longestDebt = Duration.milliseconds(100)
    /// Shorter sleeps would cost more than they are worth: the kernel's timers are 50 µs late by default.
    private static let shortestSleep = Duration.milliseconds(1)

    /// Nil when there is nothing to hold to.
    init?(_ configuration: WorkloadConfiguration, vcpu: Int) {
        switch (configuration.workload(ofVCPU: vcpu), configuration.rate) {
        case (.idle, _):
            // The tick of a guest's clock.
            stepInterval = .milliseconds(1)
        case (_, .some(let rate)):
            // A step writes to one page.
            let nanoseconds = Double(Page.byteCount * configuration.writers) / Double(rate.rawValue) * 1e9
            stepInterval = .nanoseconds(Int64(min(nanoseconds, 1e15)))
        case (_, .none): return nil
        }
        due = .now
    }

    /// Steps to execute between two looks at the clock, at most 16.
    var stepsPerLook: Int {
        let interval = max(stepInterval.nanoseconds, 1)
        return Int(min(max(Self.shortestSleep.nanoseconds / interval, 1), 16))
    }

    /// Time starts to count again after a pause.
    mutating func restart(at now: MonotonicTime) { due = now }

    /// Time in which the vCPU could not run, for a throttle.
    mutating func postpone(by duration: Duration) { due = due + duration }

    /// Counts steps.
    ///
    /// - Returns: until when to sleep, if at all.
    mutating func executed(_ stepCount: Int, now: MonotonicTime) -> MonotonicTime? {
        due = due + stepInterval * stepCount
        if now.since(due) > Self.longestDebt {
            due = MonotonicTime(nanoseconds: now.nanoseconds - UInt64(Self.longestDebt.nanoseconds))
        }
        return due.since(now) >= Self.shortestSleep ? due : nil
    }
}
