import Logging

extension Coordinator {
    func makeThrottle(_ parameters: MigrationParameters) throws(MigrationError) -> (any GuestThrottle)? {
        if parameters.autoConverge { return AutoConverge(parameters.throttle) }
        guard let mebibytes = parameters.vcpuDirtyLimit else { return nil }
        guard let guest = guest as? any VCPUThrottling else { throw .parameter(.dirtyLimitUnsupported) }
        do {
            let quota = try DirtyQuota(mebibytesPerSecond: mebibytes, period: parameters.vcpuDirtyLimitPeriod)
            return DirtyLimitRounds(
                DirtyLimit(quota, vcpuCount: guest.writtenPageCounts.count),
                triggerThreshold: parameters.throttle.triggerThreshold)
        } catch {
            throw .parameter(error)
        }
    }

    // MARK: Syncs within an iteration

    /// When to look after everything next.
    var nextTick: MonotonicTime {
        let now = MonotonicTime.now
        guard slicedSync == nil else { return now }
        let tick = now + Patience.tick
        guard statistics.pausedAt == nil, statistics.dirtySyncCount > 1, let due = throttle?.nextSyncTime else {
            return tick
        }
        return min(tick, statistics.startedAt + due)
    }

    /// Called after each batch that was queued: between two slices of a sync the queue is filled again, so that no channel
    /// waits for a sync.
    func syncBetweenBatches() throws(MigrationError) {
        slicedSync?.queuedBatchCount += 1
        guard slicedSync == nil || slicedSync?.queuedBatchCount == SlicedSync.batchCount else { return }
        try syncWithinIteration()
    }

    /// Makes a slice of a sync within an iteration, when one is due.
    func syncWithinIteration() throws(MigrationError) {
        guard throttle != nil, statistics.pausedAt == nil else { return }
        if slicedSync == nil {
            let now = MonotonicTime.now.since(statistics.startedAt)
            guard throttle?.isSyncDue(at: now, dirtySyncCount: statistics.dirtySyncCount) == true else { return }
            slicedSync = SlicedSync()
        }
        try syncSlice()
    }

    private func syncSlice() throws(MigrationError) {
        guard var sync = slicedSync, let log = guest.dirtyLog else { return }
        let start = MonotonicTime.now
        if let (block, pages) = sync.nextSlice(of: guest.memory) {
            try asking("sync the dirty log") { try log.sync(pages, ofBlock: block, into: &bitmap) }
            sync.duration += MonotonicTime.now.since(start)
            sync.queuedBatchCount = 0
            slicedSync = sync
        } else {
            slicedSync = nil
            endSync(startedAt: start, spent: sync.duration, isWithinIteration: true)
        }
    }

    // MARK: Decisions

    /// Counts a sync, and decides whether and how the guest is to be slowed.
    func endSync(startedAt start: MonotonicTime, spent: Duration = .zero, isWithinIteration: Bool = false) {
        let marks = bitmap.takeMarks()
        statistics.endSync(
            dirtiedPages: marks.dirtied, pending: pendingPageCount,
            duration: spent + MonotonicTime.now.since(start), isWithinIteration: isWithinIteration)
        // The first is none: all of RAM is marked.
        if statistics.dirtySyncCount > 1 {
            estimator.recordSync(writtenPageCount: marks.written, duration: statistics.lastSync)
        }
        guard throttle != nil, statistics.pausedAt == nil else { return }
        let parameters = state.parameters
        throttle?.adopt(parameters.throttle)
        let counts = currentCounts
        let outcome = SyncOutcome(
            time: MonotonicTime.now.since(statistics.startedAt), bytesDirtied: marks.dirtied << Page.shift,
            bytesWritten: marks.written << Page.shift, bytesTransferred: counts.transferred,
            ramBytesSent: counts.pages << Page.shift,
            outlook: estimator.outlook(
                remainingByteCount: pendingPageCount << Page.shift, syncDuration: statistics.lastSync,
                downtimeLimit: parameters.downtimeLimit,
                // What can be hashed while the guest runs is nothing to slow it for.
                overhead: { switchoverOverhead(isHashedAhead: true, finalSync: $0) }),
            vcpuBytesWritten: (guest as? any VCPUThrottling)?.writtenPageCounts.map { $0 << Page.shift } ?? [])
        let sampled = throttle?.lastSample?.time
        apply(throttle?.synced(outcome) ?? [])
        if let sample = throttle?.lastSample, sample.time != sampled { state.record(sample) }
    }

    private func apply(_ decisions: [ThrottleDecision]) {
        for decision in decisions {
            if let vcpu = decision.vcpu, let guest = guest as? any VCPUThrottling {
                guest.setThrottle(decision.to, ofVCPU: vcpu)
            } else {
                guest.setThrottle(decision.to)
            }
            statistics.throttleDecisions.append(decision)
            state.live.tell(.throttle(decision))
            logger.info("\(decision.reason)")
        }
        statistics.throttle = throttle?.throttle ?? .off
    }

    /// The guest runs at full speed again, however the migration ended.
    func releaseThrottle(at failure: MigrationError?) {
        let reason = failure.map { $0.isCancellation ? "cancelled" : "failed" } ?? "completed"
        apply(throttle?.release(at: MonotonicTime.now.since(statistics.startedAt), reason: reason) ?? [])
    }
}
