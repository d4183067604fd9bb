import Multifd
import MultifdSimulator
import Testing

@Suite struct RunFitTests {
    /// The report of a live run that went as a simulation did.
    private func report(of scenario: Scenario, _ simulated: SimulationReport) -> MigrationInfo {
        var info = MigrationInfo()
        info.status = .completed
        info.totalTime = .milliseconds(simulated.totalTime)
        info.downtime = .milliseconds(simulated.downtime)
        info.ram.total = scenario.guest.ramByteCount
        var parameters = MigrationParameters()
        parameters.maxBandwidth = Int(scenario.link.limit)
        parameters.downtimeLimit = .seconds(scenario.downtimeLimit)
        parameters.autoConverge = true
        parameters.xbzrle = scenario.sendsDeltas
        parameters.throttle = scenario.throttle ?? ThrottleParameters(policy: .dynamic)
        info.parameters = parameters
        info.iterations = simulated.iterations.map { seen in
            var iteration = IterationInfo(iteration: seen.iteration)
            iteration.pages = seen.pages
            iteration.duplicate = seen.duplicate
            iteration.normal = seen.pages - seen.duplicate
            if scenario.sendsDeltas, seen.iteration > 1 { swap(&iteration.normal, &iteration.delta) }
            iteration.transferred = seen.transferred
            iteration.duration = .milliseconds(seen.duration)
            iteration.bytesDirtied = seen.bytesDirtied
            iteration.remaining = seen.remaining
            return iteration
        }
        info.throttleDecisions = simulated.throttleDecisions
        return info
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

    @Test func `a run without deltas does not tell what they would have of a page`() throws {
        let original = scenario(.sequential)
        let fitted = try RunFit(report(of: original, Simulation.run(original))).scenario
        #expect(!fitted.sendsDeltas && !fitted.knowsDeltas)
    }

    @Test func `a report without parameters or iterations is refused in a sentence`() {
        #expect(throws: RunFitError.noParameters) { try RunFit(MigrationInfo()) }
        var info = MigrationInfo()
        info.parameters = MigrationParameters()
        #expect(throws: RunFitError.noIteration) { try RunFit(info) }
    }
}
