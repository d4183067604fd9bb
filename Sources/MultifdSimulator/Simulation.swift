import Multifd

/// Runs a migration on a virtual clock: the guest, the link and the bitmap are models, while syncs, samples, throttle
/// and switchover are decided by the code that decides in a live migration.
package struct Simulation {
    /// No more are simulated: an hour of the shortest iterations has fewer, a dirty limit that looks every millisecond
    /// makes as many in minutes.
    private static let syncLimit = 200_000

    let scenario: Scenario
    private var memory: SimulatedMemory
    private var vcpus: SimulatedVCPUs
    private var throttle: (any GuestThrottle)?
    private var estimator: SwitchoverEstimator

    /// Seconds since the migration started.
    private var now = 0.0
    private var transferred = 0.0
    private var ramSent = 0.0
    private var workLost = 0.0
    /// Of the last iteration.
    private var lastDuration = 0.0
    /// Seconds that the last sync took.
    private var lastSync = 0.0
    private var dirtySyncCount = 0
    private var bytesDirtied = 0.0
    private var highestThrottle = ThrottlePercentage.off
    private var iterations: [SimulationReport.Iteration] = []
    /// Why the guest was not paused when it could have been last; nil before.
    private var shortfall: (remaining: Int, affordable: Int?)?
    private var decisions: [ThrottleDecision] = []

    /// - Precondition: the link's rates are finite and more than 0.
    package init(_ scenario: Scenario) {
        precondition(scenario.link.movesMemory, "a link's rates are finite and more than 0, not \(scenario.link)")
        self.scenario = scenario
        estimator = SwitchoverEstimator(promisedBandwidth: scenario.promisedBandwidth)
        memory = SimulatedMemory(of: scenario.guest)
        let vcpus = SimulatedVCPUs(of: scenario.guest)
        self.vcpus = vcpus
        if let parameters = scenario.throttle {
            throttle = AutoConverge(parameters)
        } else if let quota = scenario.dirtyLimit {
            throttle = DirtyLimitRounds(
                DirtyLimit(quota, vcpuCount: vcpus.count), triggerThreshold: scenario.dirtyLimitThreshold)
        }
    }

    /// Simulates the migration from its start to its end.
    package static func run(_ scenario: Scenario) -> SimulationReport {
        var simulation = Simulation(scenario)
        return simulation.run()
    }

    private mutating func run() -> SimulationReport {
        sync()
        while true {
            iterate()
            guard now < scenario.timeout else { return report(downtime: 0, failure: reasonForNonConvergence) }
            let pending = Int(saturating: memory.remaining)
            let limit = Duration.seconds(scenario.downtimeLimit)
            let overhead = overhead(finalSync: estimator.finalSync)
            if estimator.shouldSwitchOver(pendingByteCount: pending, downtimeLimit: limit, overhead: overhead) {
                return report(downtime: switchOver(), failure: nil)
            }
            shortfall = (pending, estimator.affordableByteCount(downtimeLimit: limit, overhead: overhead))
            guard dirtySyncCount < Self.syncLimit else {
                let suffix = " (given up after \(dirtySyncCount) syncs: no more are simulated)"
                return report(downtime: 0, failure: reasonForNonConvergence + suffix)
            }
            // As in a live migration, none begins right after a very short one.
            let shortest = IterationPace.shortest.seconds
            runGuest(until: now + max(0, shortest - lastDuration))
        }
    }

    // MARK: Way of a page

    private func wireShare(of region: WriteRegion) -> Double {
        let hasDeltas = scenario.sendsDeltas && iterations.count + 1 >= scenario.firstDeltaIteration
        let isDelta = hasDeltas && region.writeRate > 0
        return (region.compressedShare ?? scenario.guest.compressedShare)
            * (isDelta ? min(1, region.changedShare ?? 1) : 1)
    }

    /// Seconds that the pages ahead take.
    private var secondsAhead: Double {
        memory.parts.reduce(0) { $0 + (1 - memory.position) * $1.ahead * $1.byteCount * secondsPerByte(of: $1.region) }
    }

    private func secondsPerByte(of region: WriteRegion) -> Double {
        (1 - region.zeroShare) * scenario.link.secondsPerByte(wireShare: wireShare(of: region))
            + region.zeroShare / scenario.link.zeroPageRate
    }

    /// One pass over the bitmap, and the sync after it.
    private mutating func iterate() {
        memory.beginIteration()
        let start = (time: now, transferred: transferred, ramSent: ramSent, dirtied: bytesDirtied)
        var zero = 0.0
        while memory.position < 1, now < scenario.timeout {
            let left = secondsAhead
            let event = min(nextSyncTime, scenario.timeout)
            let isLast = now + left <= event
            let share = isLast ? 1 : max(0, event - now) / left
            for part in memory.parts {
                let sent = share * (1 - memory.position) * part.ahead * part.byteCount
                ramSent += sent
                zero += sent * part.region.zeroShare
                transferred += sent * ((1 - part.region.zeroShare) * wireShare(of: part.region) + 8.0 / 4096)
            }
            memory.advance(to: isLast ? 1 : memory.position + (1 - memory.position) * share)
            runGuest(until: isLast ? now + left : max(now, event))
            // A nanosecond later, because a Double may round a time down to before it.
            if !isLast, throttle?.isSyncDue(at: .seconds(now + 1e-9), dirtySyncCount: dirtySyncCount) == true {
                sync()
            }
        }
        runGuest(until: now + scenario.link.roundTrip)

        lastDuration = now - start.time
        let pages = (ramSent - start.ramSent) / Double(Page.byteCount)
        let zeroPages = zero / Double(Page.byteCount)
        estimator.record(
            pageCount: Int(saturating: pages), zeroPageCount: Int(saturating: zeroPages),
            duration: .seconds(now - start.time))
        let throttleBefore = vcpus.highestThrottle
        // As the ticks within the first iteration do in a live migration, in which none brings a sync.
        if dirtySyncCount == 1 { _ = throttle?.isSyncDue(at: .seconds(now), dirtySyncCount: 1) }
        runGuest(until: now + scenario.syncTime(finding: memory.written))
        // What the end of the time left unsent remains.
        if memory.position >= 1 { memory.beginIteration() }
        sync()
        iterations.append(
            SimulationReport.Iteration(
                iteration: iterations.count + 1, pages: Int(saturating: pages), duplicate: Int(saturating: zeroPages),
                transferred: Int(saturating: transferred - start.transferred),
                duration: Int(saturating: (now - start.time) * 1000),
                bytesDirtied: Int(saturating: bytesDirtied - start.dirtied),
                remaining: Int(saturating: memory.remaining),
                throttle: throttleBefore.rawValue))
    }

    /// What the switchover is expected to take beside the transfer of pages.
    private func overhead(finalSync: Duration) -> SwitchoverOverhead {
        var overhead = scenario.switchoverOverhead
        overhead.finalSync = finalSync
        return overhead
    }

    /// When the next sync within the iteration ends.
    private var nextSyncTime: Double {
        guard dirtySyncCount > 1, dirtySyncCount < Self.syncLimit, let due = throttle?.nextSyncTime else {
            return .infinity
        }
        // Never at once, as in a live migration: samples are more than a second apart, and a limit's period may be one.
        return max(due.seconds, now) + lastSync + 1e-6
    }

    private mutating func sync() {
        let found = memory.sync()
        lastSync = scenario.syncTime(finding: found.written)
        dirtySyncCount += 1
        bytesDirtied += found.dirtied
        // The first is none: all of RAM is marked.
        if dirtySyncCount > 1 {
            estimator.recordSync(
                writtenPageCount: Int(saturating: found.written) / Page.byteCount, duration: .seconds(lastSync))
        }
        let outlook = estimator.outlook(
            remainingByteCount: Int(saturating: memory.remaining), syncDuration: .seconds(lastSync),
            downtimeLimit: .seconds(scenario.downtimeLimit), overhead: overhead(finalSync:))
        let sync = SyncOutcome(
            time: .seconds(now), bytesDirtied: Int(saturating: found.dirtied),
            bytesWritten: Int(saturating: found.written),
            bytesTransferred: Int(saturating: transferred), ramBytesSent: Int(saturating: ramSent), outlook: outlook,
            vcpuBytesWritten: scenario.dirtyLimit == nil ? [] : vcpus.bytesWritten(in: memory))
        let made = throttle?.synced(sync) ?? []
        vcpus.apply(made)
        decisions += made
        highestThrottle = max(highestThrottle, vcpus.highestThrottle)
    }

    /// Lets the guest run, and the clock with it.
    private mutating func runGuest(until end: Double) {
        while now < end {
            let (factors, phaseEnd) = phase(at: now)
            let step = min(end, phaseEnd) - now
            for (index, speed) in vcpus.regionSpeeds.enumerated() {
                memory.parts[index].written += memory.parts[index].region.writeRate * factors(index) * speed * step
            }
            workLost += step * (1 - vcpus.speed)
            now = min(end, phaseEnd)
        }
    }

    private func phase(at time: Double) -> (factors: (Int) -> Double, end: Double) {
        guard !scenario.guest.phases.isEmpty else { return ({ _ in 1 }, .infinity) }
        let phases = scenario.guest.phases.filter { $0.duration > 0 }
        let cycle = phases.reduce(0) { $0 + $1.duration }
        guard cycle > 0 else { return ({ _ in 1 }, .infinity) }
        let cycleStart = (time / cycle).rounded(.down) * cycle
        var end = cycleStart
        for phase in phases {
            end += phase.duration
            if end > time { return (phase.factor(ofRegion:), end) }
        }
        return (phases[0].factor(ofRegion:), end + phases[0].duration)
    }

    // MARK: End

    /// Pauses the guest and moves the rest. Returns the downtime.
    private mutating func switchOver() -> Double {
        memory.beginIteration()
        let start = (time: now, transferred: transferred)
        let pending = memory.remaining
        let zero = memory.parts.reduce(0) { $0 + $1.ahead * $1.byteCount * $1.region.zeroShare }
        let wire = memory.parts.reduce(0) {
            $0 + $1.ahead * $1.byteCount * ((1 - $1.region.zeroShare) * wireShare(of: $1.region) + 8.0 / 4096)
        }
        now += scenario.switchoverOverhead.total.seconds + secondsAhead
        transferred += wire + Double(scenario.guest.deviceStateByteCount)
        dirtySyncCount += 1
        iterations.append(
            SimulationReport.Iteration(
                iteration: iterations.count + 1, pages: Int(saturating: pending) / Page.byteCount,
                duplicate: Int(saturating: zero) / Page.byteCount,
                transferred: Int(saturating: transferred - start.transferred),
                duration: Int(saturating: (now - start.time) * 1000), bytesDirtied: 0, remaining: 0,
                throttle: vcpus.highestThrottle.rawValue))
        return now - start.time
    }

    private var reasonForNonConvergence: String {
        let overhead = overhead(finalSync: estimator.finalSync)
        guard overhead.total < .seconds(scenario.downtimeLimit) else {
            return "the switchover alone takes \(overhead.total.seconds.threeFigures) s of a downtime limit of "
                + "\(scenario.downtimeLimit.threeFigures) s"
        }
        guard let shortfall else {
            return "the first iteration takes longer than \(scenario.timeout.threeFigures) s"
        }
        let throttle = vcpus.highestThrottle
        let slowed = throttle == .off ? "unthrottled" : "throttled by \(throttle.rawValue) %"
        let fitting = shortfall.affordable.map { ", and \(ByteCount(rawValue: $0).rounded) fit the downtime" } ?? ""
        return "not complete after \(now.threeFigures) s: the guest, \(slowed), leaves "
            + "\(ByteCount(rawValue: shortfall.remaining).rounded) an iteration\(fitting)"
    }

    private var policy: String {
        scenario.throttle?.policy.rawValue ?? (scenario.dirtyLimit == nil ? "off" : "vcpu-dirty-limit")
    }

    private mutating func report(downtime: Double, failure: String?) -> SimulationReport {
        let final = vcpus.highestThrottle
        let end = Duration.seconds(now)
        decisions += throttle?.release(at: end, reason: failure == nil ? "completed" : "given up") ?? []
        return SimulationReport(
            scenario: scenario.name, policy: policy, status: failure == nil ? .completed : .failed,
            reason: failure, totalTime: Int(saturating: now * 1000), downtime: Int(saturating: downtime * 1000),
            downtimeLimit: Int(saturating: scenario.downtimeLimit * 1000),
            transferred: Int(saturating: transferred), dirtySyncCount: dirtySyncCount, iterationCount: iterations.count,
            finalThrottle: final.rawValue, highestThrottle: highestThrottle.rawValue,
            workLost: Int(saturating: workLost * 1000), iterations: iterations, throttleDecisions: decisions)
    }
}
