/// Ours: sets the throttle that a model of the guest's writes says is the cheapest.
///
/// A guest that writes faster than its memory moves loses the least work to a throttle that is strong and short: at guest
/// speed `s`, the pages that remain shrink by `rate − s × writes` a second, and `1 − s` seconds of work are lost in each, so
/// that half a throttle costs more than twice the time. What drains by itself is better waited for, though. Which of the two
/// holds depends on how many different pages the guest writes in which time (``WriteCurve``); ``ConvergencePlan`` weighs it.
///
/// That is not known at once, so the guest is looked at first: for longer the more the throttle would cost, and the longer the
/// migration has taken, and anew whenever what remains has come down by itself.
///
/// A plan is a promise: when it has not finished in three times its time, and over three fifths of what remained are still
/// there, the model is wrong, and half of the speed that the guest has left goes, again and again, until the maximum has been
/// in force for long enough, too. Then it is taken off, and tried again when the guest has run unthrottled for twice as long
/// as would have done before, unless the maximum or the downtime limit has been raised. And what drains by itself under a
/// throttle is believed only after a while, for twice as long each time.
///
/// It asks for two extra syncs after a sample. One is soon, because what a throttled guest writes is what an unthrottled one
/// writes in less time. The other is later and later while the guest runs unthrottled, because a plan that costs much
/// is worth to be looked at longer: the guest may calm down, and its writes are known for longer times then. It is not before
/// the end of a plan that is about to finish: what a sync within an iteration finds makes that one longer.
package struct PredictiveThrottle: Sendable {
    /// What is to be done, and why.
    package struct Prediction: Sendable {
        package var throttle: ThrottlePercentage
        package var reason: String
    }

    /// Seconds to look on for each second of work that the throttle would cost, for each that the migration has taken, and
    /// at least.
    private static let caution = (work: 0.5, time: 0.01, seconds: 3.0)
    /// To what share of the least so far what remains must come down for the guest to be looked at for as long again.
    private static let fall = 0.85
    /// A throttle below this, in %, is begun only after a look that many times as long: a model of the guest is not that exact.
    private static let faint = (throttle: 5, factor: 10.0)
    /// Seconds within which a plan is about to finish, and how many times its time it is let alone for then.
    private static let ending = (seconds: 7.0, factor: 1.5)
    /// How many times a plan's own time it is given, and seconds beside that.
    private static let patience = (factor: 3.0, seconds: 3.0)
    /// To what share of its beginning the rest must have come down when its time is over for a throttle to be given more.
    private static let progress = 0.6
    /// Seconds for which a throttled guest must write so little that it needs no throttle, the first time.
    private static let calm = 2.0
    /// Samples with a downtime limit that the switchover alone exceeds before a throttle goes.
    private static let futileSamples = 3
    /// How many times as long the transfer of pages within a downtime limit must turn out for another limit to be advised.
    private static let adviceStep = 1.25

    package var maximum: ThrottlePercentage {
        didSet { if maximum > oldValue { futileCount = 0 } }
    }
    /// As it was in the last sample.
    private var downtimeLimit = Duration.zero
    private var curve = WriteCurve()
    private var glimpses = WriteGlimpses()
    private var sampleCount = 0
    /// Seconds that the guest ran unthrottled since the first sample, since what remains came down by itself, or since a
    /// throttle was futile.
    private var watched = 0.0
    /// Bytes that remained when it did.
    private var leastRemaining = Double.infinity
    /// How often the maximum was futile since it, or the downtime limit, was last raised: to follow advice helps at once.
    private var futileCount = 0
    /// Whether the last sample had no plan.
    private var isHopeless = false
    /// Seconds that the plan of the last sample takes, if there is one.
    private var plannedTime: Double?
    /// When the throttle in force must have done, since the migration started.
    private var due: Duration?
    /// Whether the throttle in force was tried without a plan.
    private var isTrial = false
    /// What the throttle in force may not fall below: plans with less have failed. In %.
    private var least = 0
    /// When the throttle in force was last given time, since the migration started.
    private var begun = Duration.zero
    /// Bytes that remained then.
    private var begunRemaining = 0.0
    /// The throttle whose plan failed last, if one has since there is a throttle, and the time that it was given.
    private var failed: (throttle: ThrottlePercentage, time: Duration)?
    /// Seconds for which samples, one after the other, need no throttle, while there is one.
    private var calmTime = 0.0
    /// How often that was believed.
    private var releaseCount = 0
    /// Samples with a downtime limit that the switchover alone exceeds, one after the other.
    private var lowLimitCount = 0
    /// For how long the guest would run in the next iteration of a plan that is not yet carried out.
    private var glance: Duration?
    /// Seconds for pages of the downtime limit that was advised then.
    private var advised = 0.0
    /// When syncs are wanted beside those that are made anyway: times after the last sample's, ascending.
    package private(set) var requestedSyncs: [Duration] = []

    package init(maximum: Int) {
        self.maximum = ThrottlePercentage(clamping: maximum)
    }

    /// Decides on a sample. Nil leaves the throttle as it is.
    package mutating func predict(from sample: PeriodSample, throttle: ThrottlePercentage) -> Prediction? {
        for write in sample.writes {
            guard let seen = glimpses.add(write, at: throttle) else { continue }
            curve.observe(time: seen.guestTime.seconds, bytes: Double(seen.bytesWritten))
        }
        sampleCount += 1
        if sample.outlook.downtimeLimit > downtimeLimit { futileCount = 0 }
        downtimeLimit = sample.outlook.downtimeLimit
        plannedTime = nil
        glance = nil
        // The first sample is the first iteration, which is too long to tell anything about the next.
        let isFirst = sampleCount == 1
        if !isFirst, throttle == .off { watch(sample) }
        let prediction = isFirst ? nil : prediction(from: sample, throttle: throttle)
        requestSyncs(after: sample, throttle: prediction?.throttle ?? throttle)
        return prediction
    }

    private mutating func watch(_ sample: PeriodSample) {
        watched += sample.duration.seconds
        let remaining = Double(sample.outlook.remainingByteCount)
        guard remaining < leastRemaining * Self.fall else { return }
        leastRemaining = remaining
        watched = 0
    }

    private mutating func watchAnew() {
        watched = 0
        leastRemaining = .infinity
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
        plannedTime = plan.finishes ? plan.time : nil
        if throttle == .off, plan.finishes, plan.throttle > 0 {
            let speed = ThrottlePercentage(clamping: plan.throttle).guestSpeed
            glance = .seconds(conditions.remaining / conditions.rate * speed)
        }
        let attempt = plan.finishes ? Attempt(plan) : Attempt(at: maximum, for: curve, under: conditions)
        let wasHopeless = isHopeless
        isHopeless = !plan.finishes
        let next = next(after: throttle, attempt, on: sample)
        // What would do is said at once, whether or not it is time for a throttle.
        guard next != throttle || isHopeless && !wasHopeless else { return nil }
        func advice() -> String { "\(ConvergenceAdvice(for: curve, under: conditions, at: sample.outlook))" }
        let reason =
            if next == .off, throttle != .off, attempt.throttle > 0 {
                "\(throttle.rawValue) % have not been enough in all this time, and the guest runs on before they are tried "
                    + "again: " + advice()
            } else if let failed, next.rawValue > attempt.throttle {
                "\(failed.throttle.rawValue) % have not been enough in \(failed.time.seconds.threeFigures) s"
            } else if plan.finishes {
                reason(for: plan, under: conditions)
            } else {
                advice()
            }
        return Prediction(throttle: next, reason: reason)
    }

    /// What to try, whether or not it is expected to do.
    private struct Attempt {
        /// How many times the bytes that fit may remain at the highest throttle.
        private static let closeness = 10.0

        var throttle: Int
        var time: Double
        var workLost: Double

        init(_ plan: ConvergencePlan) { (throttle, time, workLost) = (plan.throttle, plan.time, plan.workLost) }

        /// The highest throttle, in case the model is wrong: for as long as what remains takes when it fails by little, for
        /// a moment when it fails by far.
        init(at maximum: ThrottlePercentage, for curve: WriteCurve, under conditions: ConvergencePlan.Conditions) {
            let isClose =
                ConvergenceAdvice.remaining(for: curve, under: conditions) < conditions.target * Self.closeness
            throttle = maximum.rawValue
            time = isClose ? conditions.remaining / conditions.rate : 0
            workLost = (time + PredictiveThrottle.patience.seconds) * (1 - maximum.guestSpeed)
        }
    }

    private mutating func next(
        after throttle: ThrottlePercentage, _ attempt: Attempt, on sample: PeriodSample
    ) -> ThrottlePercentage {
        if throttle == .off {
            let caution = max(
                Self.caution.seconds, Self.caution.time * sample.time.seconds,
                Self.caution.work * Self.powerOfTwo(futileCount) * attempt.workLost)
            let isFaint = attempt.throttle < Self.faint.throttle
            guard attempt.throttle > 0, watched >= caution * (isFaint ? Self.faint.factor : 1) else { return .off }
            least = 0
            failed = nil
            calmTime = 0
            begin(attempt, on: sample)
            return ThrottlePercentage(clamping: attempt.throttle)
        }
        guard attempt.throttle > 0 else {
            calmTime += sample.duration.seconds
            guard calmTime > Self.calm * Self.powerOfTwo(releaseCount) else { return throttle }
            releaseCount += 1
            watchAnew()
            return .off
        }
        calmTime = 0
        if let due, sample.time > due {
            // What was only tried, and has a plan now, is given the time of the plan, and what works is given more.
            let works = Double(sample.outlook.remainingByteCount) < begunRemaining * Self.progress
            let hasFailed = !works && (isHopeless || !isTrial)
            guard throttle < maximum || !hasFailed else {
                futileCount += 1
                watchAnew()
                return .off
            }
            if hasFailed {
                least = 100 - (100 - throttle.rawValue) / 2
                failed = (throttle, sample.time - begun)
            }
            begin(attempt, on: sample)
        }
        return ThrottlePercentage(clamping: min(maximum.rawValue, max(least, attempt.throttle)))
    }

    private mutating func begin(_ attempt: Attempt, on sample: PeriodSample) {
        isTrial = isHopeless
        begun = sample.time
        begunRemaining = Double(sample.outlook.remainingByteCount)
        due = sample.time + .seconds(attempt.time * Self.patience.factor + Self.patience.seconds)
    }

    /// 2 to the power of a count, at most 2³⁰.
    private static func powerOfTwo(_ count: Int) -> Double { Double(1 << min(count, 30)) }

    private mutating func requestSyncs(after sample: PeriodSample, throttle: ThrottlePercentage) {
        let duration = sample.outlook.syncDuration
        // A sync must not take a tenth of the time between two of them.
        let next = max(SampleClock.minimumPeriod + .milliseconds(10), duration * 10)
        let slice = ThrottleSlice.running / throttle.guestSpeed
        let isThrottled = throttle != .off
        let soon = max(.milliseconds(20), duration, isThrottled ? slice * 3 : .zero)
        var later = max(next, isThrottled ? slice * 2 + .milliseconds(10) : .seconds(watched / 2))
        if let plannedTime, plannedTime < Self.ending.seconds {
            later = max(later, .seconds(plannedTime * Self.ending.factor))
        }
        // Of a huge guest the sync that is soon makes a sample, which must not ask for another.
        let isSoonAgain = soon >= SampleClock.minimumPeriod && sample.duration < next
        guard soon < later, !isSoonAgain else {
            requestedSyncs = [later]
            return
        }
        requestedSyncs = [soon, later]
        // To have seen what the plan relies on: what the guest writes in that time.
        if let glance, glance > duration * 10, soon + glance < later - .milliseconds(10) {
            requestedSyncs.insert(soon + glance, at: 1)
        }
    }

    private func conditions(of sample: PeriodSample) -> ConvergencePlan.Conditions? {
        let outlook = sample.outlook
        guard let lately = outlook.ramBytesPerSecond, let affordable = outlook.affordableByteCount else { return nil }
        return ConvergencePlan.Conditions(
            remaining: Double(outlook.remainingByteCount),
            rate: max(lately, Double(sample.ramBytesSent) / sample.duration.seconds),
            pause: outlook.syncDuration.seconds, target: Double(affordable),
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
    /// that is in force goes after a while. Says which downtime limit would do, as far as that can be told: the guest may
    /// write more in the times to come than it was seen to.
    private mutating func adviseDowntimeLimit(
        after outlook: MigrationOutlook, under conditions: ConvergencePlan.Conditions, throttle: ThrottlePercentage
    ) -> Prediction? {
        lowLimitCount += 1
        let isLast = lowLimitCount == Self.futileSamples + 1 && throttle != .off
        // The first samples tell little of what is written in short times. After twice as many there is another look, which
        // costs some time.
        guard isLast || lowLimitCount & (lowLimitCount - 1) == 0 else { return nil }
        let overhead = outlook.switchoverOverhead.seconds
        let advice = ConvergenceAdvice(for: curve, under: conditions, at: outlook)
        let forPages = advice.sufficientDowntimeLimit.map { $0 - overhead } ?? .infinity
        guard lowLimitCount == 1 || isLast || forPages > advised * Self.adviceStep else { return nil }
        advised = forPages
        let limit = advice.sufficientDowntimeLimit.map {
            "a downtime limit of at least about \(($0 * 100).rounded(.up) / 100) s would do"
        }
        return Prediction(
            throttle: isLast ? .off : throttle,
            reason: "the switchover takes \(overhead.threeFigures) s without a page, and the downtime limit is "
                + "\(outlook.downtimeLimit.seconds.threeFigures) s: no throttle helps, "
                + (limit ?? "and no downtime limit that is known would do"))
    }
}
