/// What the coordinator counts while it migrates, and the report it makes of it.
struct SourceStatistics {
    private(set) var startedAt = MonotonicTime.now
    private var activeAt: MonotonicTime?
    /// When the guest was paused.
    private(set) var pausedAt: MonotonicTime?
    private var endedAt: MonotonicTime?
    /// When the report was last brought up to date.
    var publishedAt = MonotonicTime(nanoseconds: 0)

    /// Zero pages of the first iteration that were known without being read.
    var untouchedZeroPages = 0
    var expectedDowntime: Duration?
    /// As it was when the guest could have been paused last.
    var switchoverOverhead = SwitchoverOverhead()
    private var breakdown = DowntimeBreakdown()
    /// When the present step of the switchover began.
    private var stepStart = MonotonicTime.now
    var roundTrip = RoundTrip()
    private(set) var lastSync = Duration.zero
    private(set) var deltaRates = DeltaRates()

    private(set) var iterations = IterationHistory()
    private var iterationStart = MonotonicTime.now
    private var iterationCounts = TransferCounts()
    private var begunIterationCount = 0
    private(set) var dirtySyncCount = 0
    /// Pages dirtied as found by syncs within the present iteration.
    private var dirtiedWithinIteration = 0
    /// In force.
    var throttle = ThrottlePercentage.off
    var throttleDecisions: [ThrottleDecision] = []
    private var countsAtPause: TransferCounts?

    // The guest's speed.
    private var progressAtStart: GuestProgress?
    private var progressAtIteration: GuestProgress?
    private var progressAtEnd: GuestProgress?
    /// Steps a second before the migration, or else before the first throttle.
    private var ownSpeed: Double?

    // Rates of the last period.
    private var periodStart = MonotonicTime.now
    private var periodCounts = TransferCounts()
    private var mbps = 0.0
    private var pagesPerSecond = 0
    private var dirtyPeriodStart = MonotonicTime.now
    private var dirtyPagesRate = 0

    // MARK: What happens

    mutating func begin(_ progress: GuestProgress?) {
        startedAt = .now
        progressAtStart = progress
        ownSpeed = progress.flatMap { now in
            now.stepsPerSecond(since: GuestProgress(steps: now.steps.map { _ in 0 }, runningTime: .zero))
        }
        periodStart = startedAt
    }

    mutating func endSetup() {
        activeAt = .now
        dirtyPeriodStart = .now
    }

    mutating func beginIteration(_ counts: TransferCounts, _ progress: GuestProgress?) {
        progressAtIteration = progress
        iterationStart = .now
        iterationCounts = counts
        begunIterationCount += 1
        dirtiedWithinIteration = 0
    }

    /// - Returns: the iteration, without what only the sync after it will tell.
    @discardableResult
    mutating func endIteration(_ counts: TransferCounts, _ progress: GuestProgress?) -> IterationInfo {
        let duration = MonotonicTime.now.since(iterationStart)
        var iteration = IterationInfo(iteration: iterations.count + 1)
        iteration.normal = counts.normal - iterationCounts.normal
        iteration.duplicate =
            counts.duplicate - iterationCounts.duplicate + (iterations.isEmpty ? untouchedZeroPages : 0)
        iteration.delta = counts.delta - iterationCounts.delta
        iteration.unchanged = counts.unchanged - iterationCounts.unchanged
        iteration.pages = iteration.normal + iteration.duplicate + iteration.delta + iteration.unchanged
        iteration.transferred = counts.transferred - iterationCounts.transferred
        iteration.duration = duration
        iteration.mbps = Double(iteration.transferred) * 8 / 1e6 / max(duration.seconds, 1e-6)
        iteration.bytesDirtied = dirtiedWithinIteration << Page.shift
        iteration.cpuThrottlePercentage = throttle.rawValue
        // A guest that had not run before is compared with how it ran while nothing slowed it.
        if ownSpeed == nil, throttle == .off {
            ownSpeed = progressAtIteration.flatMap { progress?.stepsPerSecond(since: $0) }
        }
        iteration.guestSpeed = speed(since: progressAtIteration, progress)
        progressAtEnd = progress
        deltaRates.measure(from: iterationCounts, to: counts)
        iterations.append(iteration)
        return iteration
    }

    mutating func endSync(dirtiedPages: Int, pending: Int, duration: Duration, isWithinIteration: Bool) {
        dirtySyncCount += 1
        lastSync = duration
        let now = MonotonicTime.now
        let seconds = max(now.since(dirtyPeriodStart).seconds, 1e-6)
        dirtyPagesRate = Int(Double(dirtiedPages) / seconds)
        dirtyPeriodStart = now
        guard !isWithinIteration else { return dirtiedWithinIteration += dirtiedPages }
        iterations.changeLast { last in
            last.bytesDirtied += dirtiedPages << Page.shift
            last.remaining = pending << Page.shift
        }
    }

    mutating func beginSwitchover() { stepStart = .now }

    mutating func endPause(_ counts: TransferCounts) {
        pausedAt = stepStart
        countsAtPause = counts
        endStep(\.pause)
    }

    /// Ends a step of the switchover. The next begins at the same moment, so that the steps add up to the downtime.
    mutating func endStep(_ step: WritableKeyPath<DowntimeBreakdown, Duration>) {
        let now = MonotonicTime.now
        breakdown[keyPath: step] = now.since(stepStart)
        stepStart = now
    }

    mutating func endSwitchover() {
        endStep(\.resume)
        endedAt = stepStart
    }

    // MARK: What is known

    /// Why the migration does not converge, as far as the figures tell.
    func reasonForNonConvergence(downtimeLimit limit: Duration) -> String {
        guard let last = iterations.last else { return "the first iteration was not complete" }
        let verification = switchoverOverhead.verification
        let overhead = switchoverOverhead.total - verification
        if overhead > limit {
            return "the switchover takes \(overhead.millisecondsRoundedUp) ms without a single page, and "
                + "downtime-limit is \(limit.millisecondsRoundedUp) ms: set a longer one"
        }
        if let expectedDowntime, expectedDowntime > limit, expectedDowntime - verification <= limit {
            return "hashing what the guest wrote last takes \(verification.millisecondsRoundedUp) ms of a "
                + "downtime-limit of \(limit.millisecondsRoundedUp) ms; a longer one, a slower guest, or a migration "
                + "without --verify-memory would help"
        }
        let seconds = max(last.duration.seconds, 1e-6)
        let dirtied = Int(Double(last.bytesDirtied) / seconds).byteText
        let sent = Int(Double(last.pages << Page.shift) / seconds).byteText
        return "in the last iteration the guest dirtied \(dirtied)/s and \(sent)/s of RAM were sent; "
            + "more bandwidth, compression, a longer downtime-limit or a slower guest would help"
    }

    /// How fast the guest ran since the migration began, in % of its speed before.
    var guestSpeed: Double? { speed(since: progressAtStart, progressAtEnd) }

    private func speed(since earlier: GuestProgress?, _ later: GuestProgress?) -> Double? {
        guard let ownSpeed, ownSpeed > 0, let earlier, let later else { return nil }
        return later.stepsPerSecond(since: earlier).map { $0 / ownSpeed * 100 }
    }

    /// The report, brought up to now.
    mutating func info(
        status: MigrationStatus, counts: TransferCounts, pending: Int, ramByteCount: Int
    ) -> MigrationInfo {
        let now = endedAt ?? .now
        measureRates(counts, now: now, isFinal: status.isFinal)
        var info = MigrationInfo()
        info.status = status
        info.totalTime = now.since(startedAt)
        info.setupTime = (activeAt ?? now).since(startedAt)
        info.iterations = iterations.entries
        info.iterationsLeftOut = iterations.leftOut
        if status == .active { info.expectedDowntime = expectedDowntime }
        if status == .completed {
            info.downtime = pausedAt.map { now.since($0) } ?? .zero
            info.downtimeBreakdown = breakdown
        }
        info.cpuThrottlePercentage = throttle == .off ? nil : throttle.rawValue
        info.throttleDecisions = throttleDecisions
        info.ram.transferred = counts.transferred
        info.ram.remaining = status == .completed ? 0 : pending << Page.shift
        info.ram.total = ramByteCount
        info.ram.duplicate = counts.duplicate + (activeAt == nil ? 0 : untouchedZeroPages)
        info.ram.normal = counts.normal
        info.ram.normalBytes = counts.normal << Page.shift
        info.ram.dirtyPagesRate = dirtyPagesRate
        info.ram.mbps = mbps
        info.ram.pagesPerSecond = pagesPerSecond
        info.ram.dirtySyncCount = dirtySyncCount
        info.ram.iterationCount = begunIterationCount
        info.ram.multifdBytes = counts.channelBytes
        info.ram.precopyBytes = (countsAtPause ?? counts).transferred
        info.ram.downtimeBytes = countsAtPause.map { counts.transferred - $0.transferred } ?? 0
        return info
    }

    private mutating func measureRates(_ counts: TransferCounts, now: MonotonicTime, isFinal: Bool) {
        let start = isFinal ? startedAt : periodStart
        let before = isFinal ? TransferCounts() : periodCounts
        let seconds = now.since(start).seconds
        guard seconds >= 0.05 || isFinal else { return }
        mbps = Double(counts.transferred - before.transferred) * 8 / 1e6 / max(seconds, 1e-6)
        pagesPerSecond = Int(Double(counts.pages - before.pages) / max(seconds, 1e-6))
        periodStart = now
        periodCounts = counts
    }
}
