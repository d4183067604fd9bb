/// Ours: sets the throttle that a model of the guest's writes says is the cheapest.
///
/// A guest that writes faster than its memory moves loses the least work to a throttle that is strong and short: at guest
/// speed `s`, the pages that remain shrink by `rate − s × writes` a second, and `1 − s` seconds of work are lost in each, so
/// that half a throttle costs more than twice the time. What drains by itself is better waited for, though. Which of the two
/// holds depends on how many different pages the guest writes in which time (``WriteCurve``); ``ConvergencePlan`` weighs it.
///
/// It asks for two extra syncs after a sample. One is soon, because what a throttled guest writes is what an unthrottled one
/// writes in less time. The other is later and later while the guest runs unthrottled, because a plan that costs much
/// is worth to be looked at longer: the guest may calm down, and its writes are known for longer times then.
package struct PredictiveThrottle: Sendable {
    package struct Prediction: Sendable {
        package var throttle: ThrottlePercentage
        package var reason: String
    }

    /// The part of the affordable bytes to aim at: no model is exact, and to miss the limit costs an iteration.
    private static let aim = 0.9
    /// Times the transfer of what is expected to remain, to be on the safe side of ``aim`` and of what the switchover adds.
    private static let room = 1.5
    /// Seconds to look on for each second of work that the throttle would cost.
    private static let caution = 0.5
    /// Samples at the maximum before it is given up as futile.
    private static let futileSamples = 3

    package var maximum: ThrottlePercentage
    private var curve = WriteCurve()
    private var sampleCount = 0
    /// Seconds that the guest ran unthrottled since the first sample.
    private var watched = 0.0
    /// Samples without a plan, one after the other.
    private var hopelessCount = 0
    /// Samples with a downtime limit that the switchover alone exceeds, one after the other.
    private var lowLimitCount = 0
    /// When syncs are wanted beside those that are made anyway: times after the last sample's, ascending.
    package private(set) var requestedSyncs: [Duration] = []

    package init(maximum: Int) {
        self.maximum = ThrottlePercentage(clamping: maximum)
    }

    /// Decides on a sample. Nil leaves the throttle as it is.
    package mutating func predict(from sample: PeriodSample, throttle: ThrottlePercentage) -> Prediction? {
        for write in sample.writes where Self.isTelling(write) {
            curve.observe(time: write.guestTime.seconds, bytes: Double(write.bytesWritten))
        }
        sampleCount += 1
        // The first sample is the first iteration, which is too long to tell anything about the next.
        let isFirst = sampleCount == 1
        if !isFirst, throttle == .off { watched += sample.duration.seconds }
        let prediction = isFirst ? nil : prediction(from: sample, throttle: throttle)
        requestSyncs(each: sample.outlook.syncDuration, throttle: prediction?.throttle ?? throttle)
        return prediction
    }

    private mutating func prediction(from sample: PeriodSample, throttle: ThrottlePercentage) -> Prediction? {
        guard let conditions = conditions(of: sample) else { return nil }
        guard !sample.outlook.isDowntimeLimitTooLow else {
            return adviseDowntimeLimit(after: sample.outlook, under: conditions, throttle: throttle)
        }
        lowLimitCount = 0
        // What remains fits, and the switchover comes with the end of the iteration: let go now, the guest would undo it.
        guard conditions.remaining > conditions.target else { return nil }
        let plan = ConvergencePlan(for: curve, under: conditions)
        guard plan.finishes else { return giveAdvice(under: conditions, throttle: throttle) }
        hopelessCount = 0
        guard plan.throttle != throttle.rawValue,
            throttle != .off || watched >= Self.caution * plan.workLost
        else { return nil }
        return Prediction(
            throttle: ThrottlePercentage(clamping: plan.throttle), reason: reason(for: plan, under: conditions))
    }

    /// A throttled vCPU runs in slices: in a time of less than two of them it may have run all the while, or slept.
    private static func isTelling(_ write: WriteObservation) -> Bool {
        write.guestTime == write.duration || write.guestTime >= ThrottleSlice.running * 2
    }

    private mutating func requestSyncs(each duration: Duration, throttle: ThrottlePercentage) {
        // A sync must not take a tenth of the time between two of them.
        let next = max(SampleClock.minimumPeriod + .milliseconds(10), duration * 10)
        let slice = ThrottleSlice.running / throttle.guestSpeed
        let isThrottled = throttle != .off
        let soon = max(.milliseconds(20), duration, isThrottled ? slice * 3 : .zero)
        let later = max(next, isThrottled ? slice * 2 + .milliseconds(10) : .seconds(watched / 2))
        requestedSyncs = soon < later ? [soon, later] : [later]
    }

    private func conditions(of sample: PeriodSample) -> ConvergencePlan.Conditions? {
        let outlook = sample.outlook
        guard let lately = outlook.ramBytesPerSecond, let affordable = outlook.affordableByteCount else { return nil }
        return ConvergencePlan.Conditions(
            remaining: Double(outlook.remainingByteCount),
            rate: max(lately, Double(sample.ramBytesSent) / sample.duration.seconds),
            pause: outlook.syncDuration.seconds, target: Double(affordable) * Self.aim,
            maximum: maximum.rawValue)
    }

    private func reason(for plan: ConvergencePlan, under conditions: ConvergencePlan.Conditions) -> String {
        let iteration = conditions.remaining / conditions.rate
        let written = curve.bytes(within: iteration)
        let outlook =
            plan.throttle == 0
            ? "converges by itself in about \(plan.time.threeFigures) s"
            : "\(plan.throttle) % finish in about \(plan.time.threeFigures) s"
        return "writes \(Int(saturating: written).byteText) in the \(iteration.threeFigures) s that "
            + "\(Int(saturating: conditions.remaining).byteText) take, "
            + "\(Int(saturating: conditions.target).byteText) fit the downtime, \(outlook)"
    }

    /// When the switchover alone takes too long: no throttle is tried, because no model can be wrong about that, and one
    /// that is in force goes after a while. Says which downtime limit would do.
    private mutating func adviseDowntimeLimit(
        after outlook: MigrationOutlook, under conditions: ConvergencePlan.Conditions, throttle: ThrottlePercentage
    ) -> Prediction? {
        hopelessCount = 0
        lowLimitCount += 1
        let isLast = lowLimitCount == Self.futileSamples + 1 && throttle != .off
        guard lowLimitCount == 1 || isLast else { return nil }
        let overhead = outlook.switchoverOverhead.seconds
        let advice = ConvergenceAdvice(for: curve, under: conditions)
        let sufficient = overhead + advice.remaining / conditions.rate * Self.room
        return Prediction(
            throttle: isLast ? .off : throttle,
            reason: "the switchover takes \(overhead.threeFigures) s without a page, and the downtime limit is "
                + "\(outlook.downtimeLimit.seconds.threeFigures) s: no throttle helps, a downtime limit of "
                + "\((sufficient * 100).rounded(.up) / 100) s would do")
    }

    /// When no throttle will do: tries the maximum, in case the model is wrong, and takes it off again if it is not. Says
    /// what would do.
    private mutating func giveAdvice(
        under conditions: ConvergencePlan.Conditions, throttle: ThrottlePercentage
    ) -> Prediction? {
        hopelessCount += 1
        let next: ThrottlePercentage
        switch hopelessCount {
        case 1: next = maximum
        case Self.futileSamples + 1: next = .off
        default: return nil
        }
        let advice = ConvergenceAdvice(for: curve, under: conditions)
        return Prediction(throttle: next, reason: advice.description)
    }
}
