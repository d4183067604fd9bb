/// The dirty limit as an engine uses it: from when on, how often, and what a period's counts do to each vCPU's throttle.
///
/// Like auto-converge it waits for the trigger, so that a guest that converges by itself runs on at full speed. From then
/// on it looks at the rates of the vCPUs after each period; at that of a throttled vCPU only after as many periods as it
/// takes to tell one: it runs in slices, and in a short time it may have run all the while, or slept.
package struct DirtyLimitRounds: GuestThrottle {
    /// Since when a vCPU's writes are counted, with bytes transferred and written until then.
    private struct Mark {
        /// In ns: there may be thousands of vCPUs, and a sync each millisecond.
        var time: Int64
        var transferred: Int
        var written: Int
    }

    /// The last millisecond of a period is as good as its end: a sync between iterations often comes just before it.
    /// In ns.
    private static let slack: Int64 = 1_000_000

    private var limit: DirtyLimit
    private var trigger = DirtyRateTrigger()
    /// In %.
    private var triggerThreshold: Int
    private var clock = SampleClock()
    private var isEngaged = false
    private var periodStart = Duration.zero
    /// One for each vCPU, none before the first sync.
    private var marks: [Mark] = []
    package private(set) var lastSample: PeriodSample?

    package init(_ limit: DirtyLimit, triggerThreshold: Int) {
        self.limit = limit
        self.triggerThreshold = triggerThreshold
    }

    package var throttle: ThrottlePercentage { limit.highestThrottle }

    /// At the period's end: whatever else syncs meanwhile does not put that off.
    package var nextSyncTime: Duration? { periodStart + limit.quota.period }

    package mutating func isSyncDue(at now: Duration, dirtySyncCount: Int) -> Bool {
        dirtySyncCount > 1 && now >= periodStart + limit.quota.period
    }

    package mutating func synced(_ sync: SyncOutcome) -> [ThrottleDecision] {
        if let sample = clock.sync(sync, throttle: throttle) {
            lastSample = sample
            if trigger.firing(on: sample, threshold: triggerThreshold) != nil { isEngaged = true }
        }
        guard sync.time - periodStart >= limit.quota.period - .nanoseconds(Self.slack) || marks.isEmpty else {
            return []
        }
        periodStart = sync.time
        let now = sync.time.nanoseconds
        func end(_ vcpu: Int) -> Mark {
            Mark(time: now, transferred: sync.bytesTransferred, written: sync.vcpuBytesWritten[vcpu])
        }
        guard isEngaged, marks.count == sync.vcpuBytesWritten.count else {
            marks = sync.vcpuBytesWritten.indices.map(end)
            return []
        }
        let (shortestRun, before) = (ThrottleSlice.running.nanoseconds, limit.throttles)
        let rates = marks.indices.map { vcpu in
            Self.rate(from: marks[vcpu], to: end(vcpu), at: before[vcpu], shortestRun: shortestRun)
        }
        let decisions = limit.update(rates: rates).map { vcpu, next in
            decision(for: vcpu, at: rates[vcpu] ?? 0, from: before[vcpu], to: next, since: marks[vcpu], end(vcpu))
        }
        for vcpu in rates.indices where rates[vcpu] != nil { marks[vcpu] = end(vcpu) }
        return decisions
    }

    /// Bytes a second that a vCPU dirtied under a throttle; nil as long as nothing tells.
    ///
    /// - Parameter shortestRun: what tells a throttled vCPU's rate, in ns that it ran: a slice, and so the sleep that belongs
    ///   to it.
    private static func rate(
        from start: Mark, to end: Mark, at throttle: ThrottlePercentage, shortestRun: Int64
    ) -> Int? {
        let duration = end.time - start.time
        let ran = (duration + slack) * Int64(100 - throttle.rawValue) / 100
        guard throttle == .off || ran >= shortestRun else { return nil }
        return Int(saturating: Double(end.written - start.written) / Double(duration) * 1e9)
    }

    private func decision(
        for vcpu: Int, at rate: Int, from before: ThrottlePercentage, to next: ThrottlePercentage, since start: Mark,
        _ end: Mark
    ) -> ThrottleDecision {
        ThrottleDecision(
            time: periodStart, bytesDirtied: end.written - start.written,
            bytesTransferred: end.transferred - start.transferred, trigger: .dirtyLimit, from: before, to: next,
            reason: "vCPU \(vcpu) dirties \(rate.byteText)/s of \(limit.quota.bytesPerSecond.byteText)/s allowed: "
                + "throttle \(before.rawValue) → \(next.rawValue) %",
            vcpu: vcpu)
    }

    package mutating func release(at time: Duration, reason: String) -> [ThrottleDecision] {
        limit.release().map { vcpu, before in
            ThrottleDecision(
                time: time, bytesDirtied: 0, bytesTransferred: 0, trigger: .release, from: before, to: .off,
                reason: "\(reason): throttle of vCPU \(vcpu) \(before.rawValue) → 0 %", vcpu: vcpu)
        }
    }

    package mutating func adopt(_ parameters: ThrottleParameters) { triggerThreshold = parameters.triggerThreshold }
}
