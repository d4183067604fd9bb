/// The dirty limit as an engine uses it: from when on, how often, and what a period's counts do to each vCPU's throttle.
///
/// Like auto-converge it waits for the trigger, so that a guest that converges by itself runs on at full speed. From then
/// on it looks at the rates of the vCPUs after each period.
package struct DirtyLimitRounds: GuestThrottle {
    private var limit: DirtyLimit
    private var trigger = DirtyRateTrigger()
    /// In %.
    private var triggerThreshold: Int
    private var clock = SampleClock()
    private var isEngaged = false
    /// Where the present period began, with bytes transferred and written until then.
    private var period: (start: Duration, transferred: Int, written: [Int]) = (.zero, 0, [])
    package private(set) var lastSample: PeriodSample?

    package init(_ limit: DirtyLimit, triggerThreshold: Int) {
        self.limit = limit
        self.triggerThreshold = triggerThreshold
    }

    package var throttle: ThrottlePercentage { limit.throttles.max() ?? .off }

    /// At the period's end: whatever else syncs meanwhile does not put that off.
    package var nextSyncTime: Duration? { period.start + limit.quota.period }

    package mutating func isSyncDue(at now: Duration, dirtySyncCount: Int) -> Bool {
        dirtySyncCount > 1 && now >= period.start + limit.quota.period
    }

    package mutating func synced(_ sync: SyncOutcome) -> [ThrottleDecision] {
        if let sample = clock.sync(sync, throttle: throttle) {
            lastSample = sample
            if trigger.firing(on: sample, threshold: triggerThreshold) != nil { isEngaged = true }
        }
        let duration = sync.time - period.start
        // The last millisecond of a period is as good as its end: a sync between iterations often comes just before it.
        guard duration >= limit.quota.period - .milliseconds(1) || period.written.isEmpty else { return [] }
        defer { period = (sync.time, sync.bytesTransferred, sync.vcpuBytesWritten) }
        guard isEngaged, period.written.count == sync.vcpuBytesWritten.count else { return [] }
        let seconds = duration.seconds
        let rates = zip(sync.vcpuBytesWritten, period.written).map { Int(saturating: Double($0 - $1) / seconds) }
        let before = limit.throttles
        return limit.update(rates: rates).map { change in
            let (vcpu, next) = change
            return ThrottleDecision(
                time: sync.time, bytesDirtied: sync.vcpuBytesWritten[vcpu] - period.written[vcpu],
                bytesTransferred: sync.bytesTransferred - period.transferred, trigger: .dirtyLimit, from: before[vcpu],
                to: next,
                reason:
                    "vCPU \(vcpu) dirties \(rates[vcpu].byteText)/s of \(limit.quota.bytesPerSecond.byteText)/s allowed: "
                    + "throttle \(before[vcpu].rawValue) → \(next.rawValue) %",
                vcpu: vcpu)
        }
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
