import Multifd

/// What the guest wrote, and how fast.
extension RunFit {
    var vcpuCount: Int { max(report.guest?.steps.count ?? 1, 1) }

    var writtenRegion: WriteRegion {
        let clock = GuestClock(report.throttleDecisions)
        return WriteRegionFit(observations(on: clock), known: countedWrites(on: clock))
            .region(vcpuCount: writerCount)
    }

    /// The vCPUs of a built-in guest that write, else those that a dirty limit slowed, because they do; nothing tells them
    /// apart without one.
    private var writerCount: Int {
        if let writers = configuration?.writers { return writers }
        let limited = Set(report.throttleDecisions.compactMap(\.vcpu))
        return limited.isEmpty ? vcpuCount : limited.count
    }

    private var configuration: WorkloadConfiguration? {
        guard let text = report.guest?.workload else { return nil }
        return try? WorkloadConfiguration(parsing: text)
    }

    /// What a built-in guest's steps tell: each that is not of an idle vCPU writes to one page. Nil for other guests, whose
    /// steps mean something else.
    private func countedWrites(on clock: GuestClock) -> WriteRegionFit.Writes? {
        guard let guest = report.guest, let configuration, let pattern = configuration.workload.pattern else {
            return nil
        }
        let steps = guest.steps.prefix(configuration.writers).reduce(0) { $0 + Double($1) }
        let ran = clock.ran(until: pauseTime).seconds
        guard steps > 0, ran > 0.05 else { return nil }
        return WriteRegionFit.Writes(rate: steps * Double(Page.byteCount) / ran, pattern: pattern)
    }

    /// What each iteration left, and how the guest ran until then.
    private func observations(on clock: GuestClock) -> [WriteRegionFit.Observation] {
        let every = (iterations.count - 1) / WriteRegionFit.observationLimit + 1
        let ends = ends
        let lastEnd = report.iterationsLeftOut == nil ? ends[ends.count - 1] : pauseTime
        var innerSyncs = InnerSyncs(of: report, from: ends[0], to: lastEnd)
        var observations: [WriteRegionFit.Observation] = []
        var start = report.setupTime
        var toSend = report.ram.total
        for (index, (iteration, end)) in zip(iterations, ends).enumerated() {
            let syncs = (index == 0 ? [] : innerSyncs.next(until: end)) + [end]
            if index % every == 0 {
                let starts = [start] + syncs.dropLast()
                let periods = zip(starts, syncs).map {
                    WriteRegionFit.Period(
                        guestTime: (clock.ran(until: $1) - clock.ran(until: $0)).seconds,
                        position: ($1 - start) / (end - start))
                }
                observations.append(
                    WriteRegionFit.Observation(
                        toSend: Double(toSend), periods: periods, remaining: Double(iteration.remaining)))
            }
            (start, toSend) = (end, iteration.remaining)
        }
        return observations
    }

    /// When the guest was paused, or the report made of one that was not.
    private var pauseTime: Duration {
        if report.status == .completed { return report.totalTime - (report.downtime ?? .zero) }
        let isListed = report.hasPausedIteration && report.iterationsLeftOut == nil
        return isListed ? ends[ends.count - 1] : report.totalTime
    }

    /// When each iteration and the sync after it were over.
    private var ends: [Duration] {
        let gap = gap
        var end = report.setupTime
        return iterations.map {
            end += $0.duration + (gap ?? max(.zero, IterationPace.shortest - $0.duration))
            return end
        }
    }

    /// What lay between two iterations on average: syncs, and pauses after very short ones. Only a migration that completed
    /// tells: of another, the rest of the time went to an iteration that was not over, or to waiting for the destination.
    private var gap: Duration? {
        guard report.status == .completed else { return nil }
        let spent = report.setupTime + passes.time + (report.downtime ?? .zero)
        return max(.zero, report.totalTime - spent) / passes.count
    }
}

extension Workload {
    /// How it writes to its working set, or about so. Nil where it writes to none, or to some pages much more often than to
    /// others: no single region is written like that.
    fileprivate var pattern: WriteRegion.Pattern? {
        switch self {
        case .stress, .counter: .sequential
        case .random, .mixed: .random
        case .idle, .hotset: nil
        }
    }
}
