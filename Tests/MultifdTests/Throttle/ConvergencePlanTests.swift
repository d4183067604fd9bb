import Multifd
import Testing

@Suite struct ConvergencePlanTests {
    private func conditions(
        remaining: Double = 1e9, rate: Double = 100e6, target: Double = 30e6, maximum: Int = 99
    ) -> ConvergencePlan.Conditions {
        ConvergencePlan.Conditions(remaining: remaining, rate: rate, pause: 0, target: target, maximum: maximum)
    }

    /// A guest that writes `rate` bytes a second all over a working set.
    private func curve(rate: Double, workingSet: Double) -> WriteCurve {
        var curve = WriteCurve()
        var time = 0.01
        while time < 100 {
            curve.observe(time: time, bytes: min(workingSet, rate * time))
            time *= 1.2
        }
        return curve
    }

    @Test func `nothing is to be done when the rest fits`() {
        let plan = ConvergencePlan(for: WriteCurve(), under: conditions(remaining: 1000))
        #expect(plan.throttle == 0 && plan.time == 0 && plan.workLost == 0)
    }

    @Test func `a guest that writes slower than the link moves is waited for`() {
        let plan = ConvergencePlan(for: curve(rate: 50e6, workingSet: 1e9), under: conditions())
        #expect(plan.finishes)
        #expect(plan.throttle == 0)
        // 10 s, then half of it each time until 30 MB; a moment's throttle may replace the last iterations.
        #expect(plan.time > 15 && plan.time < 20)
        #expect(plan.workLost < 0.5)
    }

    @Test func `a guest that writes faster is stopped for one iteration`() {
        let plan = ConvergencePlan(for: curve(rate: 1e9, workingSet: 1e9), under: conditions())
        #expect(plan.finishes)
        #expect(plan.throttle >= 95)
        #expect(plan.workLost < 11)
    }

    @Test func `the throttle is as weak as one iteration requires`() {
        // 60 MB take 0.6 s, in which 30 MB may be written: 50 MB/s of 200 MB/s.
        let plan = ConvergencePlan(for: curve(rate: 200e6, workingSet: 60e6), under: conditions(remaining: 60e6))
        #expect((74...78).contains(plan.throttle))
    }

    @Test func `the maximum is honoured and may not suffice`() throws {
        let fast = curve(rate: 1e9, workingSet: 1e9)
        #expect(!ConvergencePlan(for: fast, under: conditions(maximum: 80)).finishes)
        #expect(ConvergencePlan(for: fast, under: conditions(maximum: 95)).throttle <= 95)
        let advice = ConvergenceAdvice(
            for: fast, under: conditions(maximum: 80),
            at: MigrationOutlook(
                remainingByteCount: 1_000_000_000, switchoverOverhead: .milliseconds(100),
                downtimeLimit: .milliseconds(400)))
        #expect(advice.remaining == 1e9)
        let sufficient = advice.sufficientRate ?? 0
        #expect(sufficient > 200e6 && sufficient < 300e6)
        // 100 ms for what is no page, and 300 ms for every 30 MB: the least plan that finishes, and a fifth more.
        let limit = try #require(advice.sufficientDowntimeLimit)
        var enough = conditions(maximum: 80)
        enough.target *= (limit - 0.1) / 0.3
        #expect(ConvergencePlan(for: fast, under: enough).finishes)
        enough.target /= 1.5
        #expect(!ConvergencePlan(for: fast, under: enough).finishes)
        #expect(advice.description.hasPrefix("even 80 % leave 1 GB and 30 MB fit the downtime: needs about 2"))
    }
}
