import Multifd
import Testing

@Suite struct ThrottleControllerTests {
    private func parameters(_ policy: ThrottlePolicy) -> ThrottleParameters {
        var parameters = ThrottleParameters(policy: .dynamic)
        parameters.policy = policy
        return parameters
    }

    /// The throttle after each of a number of samples, all alike.
    private func sequence(
        _ parameters: ThrottleParameters, samples: Int, dirtied: Int = 100, transferred: Int = 100
    ) -> [Int] {
        var controller = ThrottleController(parameters)
        return (1...samples).map { second in
            _ = controller.update(with: .megabytes(dirtied: dirtied, transferred: transferred, at: second))
            return controller.throttle.rawValue
        }
    }

    /// The throttles that firing again and again leads to: every second sample.
    private func steps(_ parameters: ThrottleParameters, count: Int, dirtied: Int = 100) -> [Int] {
        sequence(parameters, samples: 2 * count, dirtied: dirtied).enumerated()
            .filter { $0.offset % 2 == 1 }.map(\.element)
    }

    @Test func `dynamic steps at every second high sample and stops at the maximum`() {
        #expect(
            sequence(parameters(.dynamic), samples: 20)
                == [0, 20, 20, 30, 30, 40, 40, 50, 50, 60, 60, 70, 70, 80, 80, 90, 90, 99, 99, 99])
        var capped = parameters(.dynamic)
        capped.initial = 5
        capped.increment = 33
        capped.maximum = 70
        #expect(steps(capped, count: 5) == [5, 38, 70, 70, 70])
    }

    @Test func `tailslow-fixed takes 30 % of the rest from 80 % on, rounded up`() {
        // 80: ceil(20 × 0.3) = 6; 86: ceil(4.2) = 5; 91: ceil(2.7) = 3; 94: ceil(1.8) = 2; 96: ceil(1.2) = 2; 98: 1.
        #expect(
            steps(parameters(.tailslowFixed), count: 14)
                == [20, 30, 40, 50, 60, 70, 80, 86, 91, 94, 96, 98, 99, 99])
    }

    @Test func `a tail's step is never larger than the increment`() {
        var small = parameters(.tailslowFixed)
        small.initial = 80
        small.increment = 3
        #expect(steps(small, count: 5) == [80, 83, 86, 89, 92])
        var early = parameters(.tailslowParameters)
        early.tailStart = 20
        early.tailRate = 50
        // The rest's half is 40, 35, ..., and the increment 10, until 80: 10; 90: 5; 95: ceil(2.5) = 3; 98: 1.
        #expect(steps(early, count: 12) == [20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 99])
    }

    @Test func `tailslow-parameters is dynamic by default and tailslow-fixed with 80 and 30`() {
        #expect(steps(parameters(.tailslowParameters), count: 12) == steps(parameters(.dynamic), count: 12))
        var fixed = parameters(.tailslowParameters)
        fixed.tailStart = 80
        fixed.tailRate = 30
        #expect(steps(fixed, count: 15) == steps(parameters(.tailslowFixed), count: 15))
    }

    @Test func `geometric takes 30 % of what remains, rounded up`() {
        // 30; ceil(21) = 21; ceil(14.7) = 15; ceil(10.2) = 11; ceil(6.9) = 7; ceil(4.8) = 5; ceil(3.3) = 4; ...
        #expect(
            steps(parameters(.geometric), count: 14) == [30, 51, 66, 77, 84, 89, 93, 96, 98, 99, 99, 99, 99, 99])
        var half = parameters(.geometric)
        half.geometricRate = 50
        #expect(steps(half, count: 7) == [50, 75, 88, 94, 97, 99, 99])
    }

    @Test func `tailslow goes no further than to the speed that would have done`() {
        // High at 60 MB for 100 MB: ideal speed = speed × 50 / 60, truncated. 20: 80 → 66, step min(14, 10) = 10.
        // 30: 70 → 58, 10. 40: 60 → 50, 10. 50: 50 → 41, 9. 59: 41 → 34, 7. 66: 34 → 28, 6. 72: 28 → 23, 5.
        #expect(steps(parameters(.tailslow), count: 8, dirtied: 60) == [20, 30, 40, 50, 59, 66, 72, 77])
    }

    @Test func `tailslow truncates to integers twice`() {
        // Of 3 bytes, 50 % are 1: 2 dirtied are more. Speed 80: 80 × 1 / 2 = 40, so the increment limits the step; at 97
        // the speed of 3 becomes 3 × 1 / 2 = 1, and the step is 2.
        let sample = PeriodSample(time: .zero, duration: .seconds(1), bytesDirtied: 2, bytesTransferred: 3)
        let step = ThrottleStep.tailslow(initial: 20, increment: 10, threshold: 50)
        #expect(step.next(after: 20, on: sample) == 30)
        #expect(step.next(after: 97, on: sample) == 99)
        // 99 × 10 / 11 = 90 exactly, and 98 × 10 / 11 = 89.09 becomes 89.
        let nearly = PeriodSample(time: .zero, duration: .seconds(1), bytesDirtied: 11, bytesTransferred: 20)
        #expect(step.next(after: 1, on: nearly) == 10)
        #expect(step.next(after: 2, on: nearly) == 11)
    }

    @Test func `legacy-2013 is off until the seventh high sample, and then on for good`() {
        // The first sample has no dirty rate before it and does not count.
        #expect(sequence(parameters(.legacy2013), samples: 10) == [0, 0, 0, 0, 0, 0, 0, 67, 67, 67])
    }

    @Test func `the throttle is never above the maximum, whatever the samples`() {
        var generator = SeededGenerator(seed: 1)
        for policy in ThrottlePolicy.allCases {
            for maximum in [20, 50, 66, 99] {
                var parameters = parameters(policy)
                parameters.maximum = maximum
                var controller = ThrottleController(parameters)
                for second in 1...200 {
                    let dirtied = Int.random(in: 0...1_000_000_000, using: &generator)
                    let sample = PeriodSample(
                        time: .seconds(second), duration: .milliseconds(.random(in: 1001...5000, using: &generator)),
                        bytesDirtied: dirtied, bytesTransferred: .random(in: 0...1_000_000_000, using: &generator),
                        ramBytesSent: .random(in: 0...1_000_000_000, using: &generator),
                        writes: [
                            WriteObservation(
                                duration: .seconds(1), guestTime: .seconds(.random(in: 0...1, using: &generator)),
                                bytesWritten: dirtied)
                        ],
                        outlook: MigrationOutlook(
                            remainingByteCount: .random(in: 0...1_000_000_000, using: &generator),
                            ramBytesPerSecond: .random(in: 1...1e9, using: &generator),
                            affordableByteCount: .random(in: 0...1_000_000_000, using: &generator)))
                    let before = controller.throttle
                    let decision = controller.update(with: sample)
                    #expect((0...maximum).contains(controller.throttle.rawValue))
                    #expect(decision == nil ? controller.throttle == before : decision?.to == controller.throttle)
                    #expect(decision.map { $0.from == before } ?? true)
                }
                let release = controller.release(at: .seconds(201), reason: "completed")
                #expect(controller.throttle == .off)
                #expect(release.map { $0.to == .off && $0.from != .off } ?? true)
                let again = controller.release(at: .seconds(202), reason: "completed")
                #expect(again == nil)
            }
        }
    }

    @Test func `a decision says what was seen and what was done`() throws {
        var controller = ThrottleController(parameters(.dynamic))
        for second in 1...3 { _ = controller.update(with: .megabytes(dirtied: 214, transferred: 96, at: second)) }
        let update = controller.update(with: .megabytes(dirtied: 214, transferred: 96, at: 4))
        let decision = try #require(update)
        #expect(decision.time == .seconds(4))
        #expect(decision.trigger == .dirtyRate)
        #expect(decision.reason == "dirtied 214 MB > 50 % of 96 MB transferred, second time: throttle 20 → 30 %")
    }

    @Test func `what may change while a migration runs takes effect at the next sample`() {
        var controller = ThrottleController(ThrottleParameters(policy: .dynamic))
        for second in 1...2 { _ = controller.update(with: .megabytes(dirtied: 60, transferred: 100, at: second)) }
        #expect(controller.throttle.rawValue == 20)
        controller.parameters.increment = 7
        for second in 3...4 { _ = controller.update(with: .megabytes(dirtied: 60, transferred: 100, at: second)) }
        #expect(controller.throttle.rawValue == 27)
        // 60 % of what was sent are few from now on.
        controller.parameters.triggerThreshold = 70
        for second in 5...9 { _ = controller.update(with: .megabytes(dirtied: 60, transferred: 100, at: second)) }
        #expect(controller.throttle.rawValue == 27)
        controller.parameters.maximum = 30
        for second in 10...13 { _ = controller.update(with: .megabytes(dirtied: 80, transferred: 100, at: second)) }
        #expect(controller.throttle.rawValue == 30)
    }

    /// The sample is low: no trigger fires on it.
    @Test(arguments: ThrottlePolicy.allCases.filter { $0 != .predictive })
    func `a maximum that is lowered while a migration runs takes effect at the next sample`(policy: ThrottlePolicy)
        throws
    {
        var controller = ThrottleController(parameters(policy))
        for second in 1...16 { _ = controller.update(with: .megabytes(dirtied: 100, transferred: 100, at: second)) }
        let before = controller.throttle
        controller.parameters.maximum = 25
        let update = controller.update(with: .megabytes(dirtied: 1, transferred: 100, at: 17))
        let decision = try #require(update)
        #expect(decision.trigger == .maximum && decision.from == before && decision.to.rawValue == 25)
        #expect(decision.reason == "max-cpu-throttle is 25 % now: throttle \(before.rawValue) → 25 %")
        let next = controller.update(with: .megabytes(dirtied: 1, transferred: 100, at: 18))
        #expect(next == nil && controller.throttle.rawValue == 25)
    }

    @Test func `no throttle is tried while the switchover alone takes too long, and one is when the limit is raised`()
        throws
    {
        func sample(at second: Int, limit: Duration) -> PeriodSample {
            let affordable = limit > .seconds(1) ? 10_000_000 : 0
            return PeriodSample(
                time: .seconds(second), duration: .seconds(1), bytesDirtied: 900_000_000, bytesTransferred: 100_000_000,
                ramBytesSent: 100_000_000,
                writes: [
                    WriteObservation(duration: .seconds(1), guestTime: .seconds(1), bytesWritten: 900_000_000)
                ],
                outlook: MigrationOutlook(
                    remainingByteCount: 900_000_000, ramBytesPerSecond: 1e8, affordableByteCount: affordable,
                    switchoverOverhead: .seconds(1), downtimeLimit: limit))
        }
        var controller = ThrottleController(ThrottleParameters(policy: .predictive))
        var decisions = (1...9).compactMap { controller.update(with: sample(at: $0, limit: .milliseconds(300))) }
        #expect(decisions.count == 1)
        let advice = try #require(decisions.first)
        #expect(advice.from == .off && advice.to == .off)
        #expect(advice.reason.contains("takes 1 s without a page, and the downtime limit is 0.3 s: no throttle helps"))
        decisions = (10...30).compactMap { controller.update(with: sample(at: $0, limit: .seconds(2))) }
        #expect(try #require(decisions.first).to > .off)
    }
}
