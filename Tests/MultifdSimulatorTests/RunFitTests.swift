import Multifd
import MultifdSimulator
import Testing

@Suite struct RunFitTests {
    /// The report of a live run that went as a simulation did.
    private func report(of scenario: Scenario, _ simulated: SimulationReport) -> MigrationInfo {
        var info = MigrationInfo()
        info.status = simulated.status == .completed ? .completed : .failed
        info.totalTime = .milliseconds(simulated.totalTime)
        info.downtime = .milliseconds(simulated.downtime)
        info.ram.total = scenario.guest.ramByteCount
        info.ram.dirtySyncCount = simulated.dirtySyncCount
        var parameters = MigrationParameters()
        parameters.maxBandwidth = Int(scenario.link.limit)
        parameters.downtimeLimit = .seconds(scenario.downtimeLimit)
        parameters.autoConverge = scenario.throttle != nil
        parameters.xbzrle = scenario.sendsDeltas
        parameters.throttle = scenario.throttle ?? ThrottleParameters(policy: .dynamic)
        info.parameters = parameters
        // A live migration that is given up does not report the iteration that it was in.
        let isCutShort = simulated.status == .failed
        info.iterations = simulated.iterations.dropLast(isCutShort ? 1 : 0).map { seen in
            var iteration = IterationInfo(iteration: seen.iteration)
            iteration.pages = seen.pages
            iteration.duplicate = seen.duplicate
            iteration.normal = seen.pages - seen.duplicate
            if scenario.sendsDeltas, seen.iteration >= scenario.firstDeltaIteration {
                swap(&iteration.normal, &iteration.delta)
            }
            iteration.transferred = seen.transferred
            iteration.duration = .milliseconds(seen.duration)
            iteration.bytesDirtied = seen.bytesDirtied
            iteration.remaining = seen.remaining
            return iteration
        }
        info.throttleDecisions = simulated.throttleDecisions
        return info
    }

    /// With what a built-in guest tells of itself: one vCPU writes, the other only has a clock that ticks.
    private func countedReport(
        of scenario: Scenario, _ simulated: SimulationReport, workload: String? = nil
    ) -> MigrationInfo {
        var info = report(of: scenario, simulated)
        let workload = workload ?? (scenario.guest.regions[0].pattern == .random ? "random" : "stress")
        let seconds = Double(simulated.totalTime - simulated.downtime - simulated.workLost) / 1000
        let rate = scenario.guest.regions.reduce(0) { $0 + $1.writeRate }
        var guest = GuestInfo()
        guest.workload = "workload:\(workload),ram=1GiB,vcpus=2,writers=1,seed=1"
        guest.steps = [UInt64(rate * seconds / Double(Page.byteCount)), UInt64(seconds * 1000)]
        info.guest = guest
        return info
    }

    /// A guest that rewrites all of its working set in every iteration.
    private func saturated(_ pattern: WriteRegion.Pattern = .sequential) -> Scenario {
        Scenario(
            name: "outruns the link",
            guest: GuestModel(
                ramByteCount: 1 << 30,
                regions: [WriteRegion(byteCount: 60 << 20, writeRate: 400e6, pattern: pattern)], zeroShare: 0.4),
            link: LinkModel(bandwidth: 1e9, limit: 100e6), timeout: 60)
    }

    private func throttled(_ scenario: Scenario, _ policy: ThrottlePolicy = .dynamic) -> Scenario {
        var scenario = scenario
        scenario.throttle = ThrottleParameters(policy: policy)
        return scenario
    }

    private func isNear(_ value: Double, _ expected: Double, within tolerance: Double = 0.15) -> Bool {
        abs(value / expected - 1) <= tolerance
    }

    private func scenario(_ pattern: WriteRegion.Pattern) -> Scenario {
        Scenario(
            name: "live",
            guest: GuestModel(
                ramByteCount: 1 << 30,
                regions: [WriteRegion(byteCount: 100 << 20, writeRate: 150e6, pattern: pattern)], zeroShare: 0.4),
            link: LinkModel(bandwidth: 1e9, limit: 60e6), throttle: ThrottleParameters(policy: .dynamic))
    }

    @Test(arguments: [WriteRegion.Pattern.sequential, .random])
    func `a run that went as the models say is explained by these models`(pattern: WriteRegion.Pattern) throws {
        let original = scenario(pattern)
        let run = Simulation.run(original)
        #expect(run.status == .completed && run.highestThrottle > 0)
        let fitted = try RunFit(report(of: original, run)).scenario
        let region = try #require(fitted.guest.regions.first)
        #expect(region.pattern == pattern)
        #expect(abs(Double(region.byteCount) / Double(100 << 20) - 1) < 0.1)
        #expect(abs(region.writeRate / 150e6 - 1) < 0.1)
        #expect(abs(fitted.guest.zeroShare - 0.4) < 0.02)

        let again = Simulation.run(fitted)
        #expect(abs(Double(again.totalTime) / Double(run.totalTime) - 1) < 0.1)
        #expect(abs(again.finalThrottle - run.finalThrottle) <= 10)
    }

    @Test func `a fitted run answers what half the link would have done`() throws {
        let original = scenario(.sequential)
        var fitted = try RunFit(report(of: original, Simulation.run(original))).scenario
        var halved = original
        halved.link.limit /= 2
        fitted.link.limit /= 2
        let (expected, answer) = (Simulation.run(halved), Simulation.run(fitted))
        #expect(abs(Double(answer.totalTime) / Double(expected.totalTime) - 1) < 0.15)
    }

    @Test(arguments: [WriteRegion.Pattern.sequential, .random])
    func `a guest that counts its writes tells its rate where the iterations cannot`(
        pattern: WriteRegion.Pattern
    ) throws {
        let original = saturated(pattern)
        let run = Simulation.run(original)
        #expect(run.status == .failed)
        let fitted = try RunFit(countedReport(of: original, run)).scenario
        let region = fitted.guest.regions[0]
        #expect(isNear(region.writeRate, 400e6, within: 0.02) && isNear(Double(region.byteCount), 60 * 1_048_576))
        #expect(region.vcpuCount == 1 && !region.isRateLowerBound && fitted.caveats.isEmpty)

        let expected = Simulation.run(throttled(original))
        let answer = Simulation.run(throttled(fitted))
        #expect(isNear(Double(answer.totalTime), Double(expected.totalTime)))
        #expect(abs(answer.finalThrottle - expected.finalThrottle) <= 10)
    }

    @Test func `a report that leaves iterations out is fitted by those before, and by what the others took`() throws {
        let original = saturated(.random)
        var report = countedReport(of: original, Simulation.run(original))
        let whole = try RunFit(report).scenario.guest.regions[0]
        let range = 30..<report.iterations.count - 5
        var leftOut = LeftOutIterations()
        leftOut.count = range.count
        leftOut.duration = report.iterations[range].reduce(.zero) { $0 + $1.duration }
        report.iterations.removeSubrange(range)
        report.iterationsLeftOut = leftOut
        let fitted = try RunFit(report).scenario.guest.regions[0]
        #expect(isNear(fitted.writeRate, whole.writeRate, within: 0.02))
        #expect(isNear(Double(fitted.byteCount), Double(whole.byteCount), within: 0.02))
    }

    @Test(arguments: ["hotset", "idle"]) func `steps that do not write evenly tell nothing`(workload: String) throws {
        let original = throttled(saturated())
        let run = Simulation.run(original)
        var report = countedReport(of: original, run, workload: workload)
        let fitted = try RunFit(report).scenario.guest.regions[0].writeRate
        report.guest?.workload = nil
        #expect(try RunFit(report).scenario.guest.regions[0].writeRate == fitted)
    }

    @Test func `the steps of a throttled guest are of the time that it ran`() throws {
        let original = throttled(saturated())
        let run = Simulation.run(original)
        #expect(run.status == .completed && run.workLost > 1000)
        let region = try RunFit(countedReport(of: original, run)).scenario.guest.regions[0]
        #expect(isNear(region.writeRate, 400e6, within: 0.02))
    }

    @Test func `a rate that is known only from below is told so`() throws {
        let original = saturated()
        let fitted = try RunFit(report(of: original, Simulation.run(original))).scenario
        let region = fitted.guest.regions[0]
        #expect(region.isRateLowerBound && region.writeRate >= 95e6 && region.writeRate <= 420e6)
        #expect(try #require(fitted.caveats.first).contains("at least"))
        // Once it is throttled, it no longer rewrites everything.
        let slowed = throttled(original)
        let throttledFit = try RunFit(report(of: slowed, Simulation.run(slowed))).scenario
        #expect(throttledFit.caveats.isEmpty && isNear(throttledFit.guest.regions[0].writeRate, 400e6))
    }

    /// Then an iteration leaves only what was written behind it.
    @Test(arguments: [WriteRegion.Pattern.sequential, .random], [10e6, 22e6])
    func `syncs within iterations do not make the guest look slower`(
        pattern: WriteRegion.Pattern, limit: Double
    ) throws {
        var original = Scenario(
            name: "long iterations",
            guest: GuestModel(
                ramByteCount: 128 << 20,
                regions: [WriteRegion(byteCount: 100 << 20, writeRate: 60e6, pattern: pattern)], zeroShare: 0.4),
            link: LinkModel(bandwidth: 1e9, limit: limit), throttle: ThrottleParameters(policy: .dynamic))
        original.throttle?.isPeriodic = true
        original.throttle?.periodicInterval = 1
        original.throttle?.isResponsive = true
        let run = Simulation.run(original)
        #expect(run.dirtySyncCount > run.iterationCount + 10)
        let fitted = try RunFit(report(of: original, run)).scenario
        let region = fitted.guest.regions[0]
        #expect(isNear(region.writeRate, 60e6), "\(region)")
    }

    /// What is promised decides, in a live migration as in a simulated one.
    @Test func `a bandwidth that was promised for the switchover is fitted, too`() throws {
        var original = saturated()
        original.promisedBandwidth = 1_000_000_000
        let run = Simulation.run(original)
        #expect(run.status == .completed && Simulation.run(saturated()).status == .failed)
        var report = countedReport(of: original, run)
        let unpromised = Simulation.run(try RunFit(report).scenario)
        #expect(unpromised.status == .failed)
        report.parameters?.availSwitchoverBandwidth = original.promisedBandwidth
        let again = Simulation.run(try RunFit(report).scenario)
        #expect(again.status == .completed)
        #expect(isNear(Double(again.totalTime), Double(run.totalTime)))
    }

    @Test func `a dirty limit waits for the threshold that it waited for`() throws {
        let original = scenario(.sequential)
        var report = report(of: original, Simulation.run(original))
        report.parameters?.autoConverge = false
        report.parameters?.vcpuDirtyLimit = 10
        report.parameters?.throttle.triggerThreshold = 30
        #expect(try RunFit(report).scenario.dirtyLimitThreshold == 30)
    }

    /// The time of the iteration that was not over used to be shared out among those that were, and the guest, which had as
    /// much longer to write what it wrote, taken to be as much slower.
    @Test(arguments: [12.5, 14.5])
    func `a run that is given up within an iteration does not make the guest look slower`(
        timeout: Double
    ) throws {
        let original = Scenario(
            name: "long iterations",
            guest: GuestModel(
                ramByteCount: 256 << 20,
                regions: [WriteRegion(byteCount: 200 << 20, writeRate: 10e6)]),
            link: LinkModel(bandwidth: 1e9, limit: 25e6), timeout: timeout)
        let run = Simulation.run(original)
        #expect(run.status == .failed && run.iterationCount == 2)
        let fitted = try RunFit(report(of: original, run)).scenario
        #expect(isNear(fitted.guest.regions[0].writeRate, 10e6, within: 0.1), "\(fitted.guest.regions[0])")
    }

    /// As when the destination's disk is full, or its memory is another: the guest was paused for the last iteration, which
    /// left nothing, and then the destination took its time.
    @Test func `a run that failed with the guest paused is fitted like one that completed`() throws {
        let original = scenario(.sequential)
        let run = Simulation.run(original)
        var report = countedReport(of: original, run)
        let expected = try RunFit(report).scenario.guest.regions[0]
        report.status = .failed
        report.downtime = nil
        report.totalTime += .seconds(20)
        report.ram.iterationCount = report.iterations.count
        report.ram.downtimeBytes = 1
        let region = try RunFit(report).scenario.guest.regions[0]
        #expect(isNear(Double(region.byteCount), Double(expected.byteCount), within: 0.02))
        #expect(isNear(region.writeRate, expected.writeRate, within: 0.02), "\(region)")
    }

    @Test func `a report of any length is fitted in a moment`() throws {
        let original = scenario(.random)
        var report = report(of: original, Simulation.run(original))
        report.iterations = (0..<3000).flatMap { _ in report.iterations }
        report.ram.dirtySyncCount = 1 << 50
        #expect(try RunFit(report).scenario.guest.regions[0].byteCount > 0)
    }

    /// Times that are attoseconds apart, as of a report that is damaged.
    @Test(.timeLimit(.minutes(1)), arguments: [0, 1, 100, 1_000_000])
    func `syncs that come all at once are none to be told apart`(attoseconds: Int64) throws {
        let original = scenario(.random)
        var report = report(of: original, Simulation.run(original))
        report.totalTime = .zero
        report.downtime = .zero
        for index in report.iterations.indices {
            report.iterations[index].duration = Duration(secondsComponent: 0, attosecondsComponent: attoseconds)
        }
        report.ram.dirtySyncCount = 1000
        #expect(try RunFit(report).scenario.guest.ramByteCount == original.guest.ramByteCount)
    }

    @Test func `the fixed cost of a small guest's sync does not grow with its RAM`() throws {
        let original = scenario(.random)
        var report = report(of: original, Simulation.run(original))
        report.ram.total = 8 << 20
        var breakdown = DowntimeBreakdown()
        breakdown.finalSync = .microseconds(60)
        report.downtimeBreakdown = breakdown
        var fitted = try RunFit(report).scenario
        #expect(isNear(fitted.syncTime(), 60e-6, within: 0.001))
        fitted.guest.ramByteCount = 64 << 30
        #expect(fitted.syncTime() < 0.3)
        // Of a large guest all of it does.
        report.ram.total = 64 << 30
        report.downtimeBreakdown?.finalSync = .milliseconds(200)
        fitted = try RunFit(report).scenario
        fitted.guest.ramByteCount *= 2
        #expect(isNear(fitted.syncTime(), 0.4, within: 0.001))
    }

    /// Of a report that is damaged.
    @Test func `no sync of a page is scaled to times that there are not`() throws {
        let original = scenario(.random)
        var report = report(of: original, Simulation.run(original))
        report.ram.total = Page.byteCount
        var breakdown = DowntimeBreakdown()
        breakdown.finalSync = .seconds(1_000_000_000)
        report.downtimeBreakdown = breakdown
        var fitted = try RunFit(report).scenario
        fitted.guest.ramByteCount = 1 << 50
        #expect(Simulation.run(fitted).status == .failed)
    }

    @Test(arguments: [0.1, 0.6]) func `what deltas have of a page is told by a run that sent some`(
        changedShare: Double
    ) throws {
        var original = scenario(.sequential)
        original.sendsDeltas = true
        original.guest.compressedShare = 0.7
        original.guest.regions[0].changedShare = changedShare
        let run = Simulation.run(original)
        #expect(run.status == .completed)
        let fitted = try RunFit(report(of: original, run)).scenario
        #expect(fitted.sendsDeltas)
        #expect(abs(fitted.guest.compressedShare - 0.7) < 0.02)
        #expect(abs(try #require(fitted.guest.regions[0].changedShare) - changedShare) < 0.02)
        let again = Simulation.run(fitted)
        #expect(abs(Double(again.totalTime) / Double(run.totalTime) - 1) < 0.1)
    }

    /// A cache smaller than RAM is filled by the second iteration.
    @Test func `an iteration sent whole before the first deltas does not tell of them`() throws {
        var original = scenario(.sequential)
        (original.sendsDeltas, original.firstDeltaIteration) = (true, 3)
        original.guest.regions[0].writeRate = 400e6
        original.guest.regions[0].changedShare = 0.02
        let run = Simulation.run(original)
        #expect(run.status == .completed && run.iterationCount > 2)
        let fitted = try RunFit(report(of: original, run)).scenario
        #expect(fitted.firstDeltaIteration == 3)
        #expect(abs(try #require(fitted.guest.regions[0].changedShare) - 0.02) < 0.01)
        let again = Simulation.run(fitted)
        #expect(again.highestThrottle == run.highestThrottle)
        #expect(abs(Double(again.totalTime) / Double(run.totalTime) - 1) < 0.1)
    }

    /// What a guest keeps writing may compress better than what has lain in memory for long, or worse.
    @Test(arguments: [(0.3, 1.0), (0.9, 0.1), (0.5, 0.5)])
    func `pages never written have a compressed share of their own`(untouched: Double, written: Double) throws {
        var original = scenario(.sequential)
        original.guest.compressedShare = untouched
        original.guest.regions[0].compressedShare = written
        original.guest.regions[0].writeRate = 400e6
        let run = Simulation.run(original)
        #expect(run.iterationCount > 2)
        let fitted = try RunFit(report(of: original, run)).scenario
        #expect(abs(fitted.guest.compressedShare - untouched) < 0.03, "\(fitted.guest.compressedShare)")
        #expect(abs(try #require(fitted.guest.regions[0].compressedShare) - written) < 0.02)
        let again = Simulation.run(fitted)
        #expect(abs(Double(again.totalTime) / Double(run.totalTime) - 1) < 0.1)
    }

    @Test func `deltas too few to fill the link do not make it slow`() throws {
        var original = scenario(.sequential)
        original.sendsDeltas = true
        original.guest.regions[0].changedShare = 0.01
        var report = report(of: original, Simulation.run(original))
        // What a live iteration takes besides its transfer.
        for index in report.iterations.indices.dropFirst() { report.iterations[index].duration += .milliseconds(50) }
        let fitted = try RunFit(report).scenario
        #expect(abs(fitted.link.wireRate / 60e6 - 1) < 0.1)
    }

    @Test func `a run that asked for deltas and came to send none is fitted with the usual, and told so`() throws {
        var original = scenario(.sequential)
        original.sendsDeltas = true
        var report = report(of: original, Simulation.run(original))
        report.status = .completed
        report.iterations = [report.iterations[0], report.iterations[report.iterations.count - 1]]
        var fitted = try RunFit(report).scenario
        #expect(fitted.knowsDeltas && fitted.guest.regions[0].changedShare == 0.1)
        #expect(fitted.caveats.contains { $0.contains("--changed-share") })
        fitted.sendsDeltas = false
        #expect(!fitted.caveats.contains { $0.contains("--changed-share") })
    }

    @Test func `a run without deltas does not tell what they would have of a page`() throws {
        let original = scenario(.sequential)
        let fitted = try RunFit(report(of: original, Simulation.run(original))).scenario
        #expect(!fitted.sendsDeltas && !fitted.knowsDeltas)
    }

    /// Of 256 MiB, all of it zero, as a live migration reports it.
    @Test func `a guest with no normal page has a link that nothing is known of`() throws {
        var info = MigrationInfo()
        info.status = .completed
        info.totalTime = .milliseconds(14)
        info.ram.total = 256 << 20
        info.parameters = MigrationParameters()
        info.channels = (0..<2).map { index in
            var channel = ChannelInfo(channel: index)
            channel.encodingTime = .microseconds(80)
            return channel
        }
        var first = IterationInfo(iteration: 1)
        (first.pages, first.duplicate, first.transferred) = (65536, 65536, 525_000)
        first.duration = .milliseconds(12)
        info.iterations = [first, IterationInfo(iteration: 2)]
        let fitted = try RunFit(info).scenario
        #expect(fitted.link.movesMemory)
        #expect(fitted.link.channelRate == 1.5e9 && fitted.link.bandwidth == LinkModel.usualBandwidth)
        let again = Simulation.run(fitted)
        #expect(again.status == .completed && again.totalTime < 100)
    }

    @Test(arguments: [0, -1, .infinity, .nan])
    func `a rate that moves nothing, or all at once, is refused`(rate: Double) {
        for path in [\LinkModel.bandwidth, \.channelRate, \.zeroPageRate] {
            var link = LinkModel(bandwidth: 1e9)
            #expect(link.movesMemory)
            link[keyPath: path] = rate
            #expect(!link.movesMemory)
        }
    }

    @Test func `a report without parameters or iterations is refused in a sentence`() {
        #expect(throws: RunFitError.noParameters) { try RunFit(MigrationInfo()) }
        var info = MigrationInfo()
        info.parameters = MigrationParameters()
        // As in a destination's document, or an image's: the sentence says whose to give.
        let error = #expect(throws: RunFitError.noIteration) { try RunFit(info) }
        #expect(error?.description.contains("`multifd send --json` printed of a live guest") == true)
    }
}
