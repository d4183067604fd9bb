import Multifd

/// When a run synced within its iterations. How often, the report says. When, follows from the ticks of a periodic throttle;
/// of another it is taken to be evenly over the time after the first iteration, which never has one.
struct InnerSyncs {
    private enum Rule {
        case ticks(PeriodicSyncClock)
        case evenly(next: Duration, interval: Duration)
    }

    /// For each iteration; more tell no more.
    private static let limit = 64

    /// Nil when there were none.
    private var rule: Rule?
    /// So far, the one before the first iteration included.
    private var syncCount = 2

    /// - Parameters:
    ///   - start: the end of the first iteration.
    ///   - end: that of the last with the guest running.
    init(of report: MigrationInfo, from start: Duration, to end: Duration) {
        // One comes before the first iteration, and one after each.
        let iterationCount = report.iterations.count + (report.iterationsLeftOut?.count ?? 0)
        let count = min(report.ram.dirtySyncCount - iterationCount - 1, Self.limit * iterationCount)
        guard count > 0, end > start else { return }
        let interval = (end - start) / (count + 1)
        // No sync is that short: the report is damaged. An interval that is rounded to nothing would have no end.
        guard interval > .microseconds(1) else { return }
        if let period = report.parameters?.syncInterval, period > interval / 4 {
            rule = .ticks(PeriodicSyncClock(interval: period, start: period * (start / period).rounded(.down)))
        } else {
            rule = .evenly(next: start + interval, interval: interval)
        }
    }

    /// Those within the next iteration, which ends then.
    mutating func next(until end: Duration) -> [Duration] {
        var times: [Duration] = []
        switch rule {
        case nil: break
        case .ticks(var clock):
            while clock.nextTickTime < end {
                let tick = clock.nextTickTime
                guard clock.isSyncDue(at: tick, dirtySyncCount: syncCount) else { continue }
                times.append(tick)
                syncCount += 1
            }
            rule = .ticks(clock)
        case .evenly(var next, let interval):
            while next < end {
                times.append(next)
                next += interval
            }
            rule = .evenly(next: next, interval: interval)
        }
        syncCount += 1
        return times
    }
}

extension MigrationParameters {
    /// At least this often, a periodic throttle syncs.
    fileprivate var syncInterval: Duration? {
        guard autoConverge, throttle.isPeriodic, throttle.policy != .predictive else { return nil }
        return .seconds(throttle.periodicInterval)
    }
}
