/// Ours: sets the throttle that a model of the guest's writes says is the cheapest.
///
/// A guest that writes faster than its memory moves loses the least work to a throttle that is strong and short: at guest
/// speed `s`, the pages that remain shrink by `rate − s × writes` a second, and `1 − s` seconds of work are lost in each, so
/// that half a throttle costs more than twice the time. But the throttle stays off as long as the migration converges by
/// itself in reasonable time, and it is no stronger than the iteration at hand requires.
///
/// What it has to know is how many different pages the guest writes in a given time (``WriteCurve``). It asks for two extra
/// syncs after a sample: one soon, because what a throttled guest writes is what an unthrottled one writes in less time, and
/// one when the next sample may be taken, because iterations can be long.
package struct PredictiveThrottle: Sendable {
    package struct Prediction: Sendable {
        package var throttle: ThrottlePercentage
        package var reason: String
    }

    /// Seconds of migration that are worth a second of the guest's work.
    static let workPrice = 5.0
    /// The part of the affordable bytes to aim at: no model is exact, and to miss the limit costs an iteration.
    static let aim = 0.9

    nonisolated(unsafe) package static var caution = 0.25
    private let maximum: Int
    private var curve = WriteCurve()
    private var sampleCount = 0
    private var watched = 0.0
    private var hasAdvised = false
    package private(set) var requestedSyncs: [Duration] = []

    package init(maximum: Int) {
        self.maximum = maximum
    }

    /// Decides on a sample. Nil leaves the throttle as it is.
    package mutating func predict(from sample: PeriodSample, throttle: ThrottlePercentage) -> Prediction? {
        for write in sample.writes {
            curve.observe(time: write.guestTime.inSeconds, bytes: Double(write.bytesWritten))
        }
        let outlook = sample.outlook
        let isFirst = sampleCount == 0
        sampleCount += 1
        if !isFirst, throttle == .off { watched += sample.duration.inSeconds }
        requestedSyncs = [max(.milliseconds(20), outlook.syncDuration), max(.milliseconds(1010), outlook.syncDuration * 10, throttle == .off ? .seconds(watched) : .zero)]
        guard !isFirst, let lately = outlook.ramBytesPerSecond, let affordable = outlook.affordableByteCount else { return nil }
        let rate = max(lately, Double(sample.ramBytesSent) / sample.duration.inSeconds)
        let remaining = Double(outlook.remainingByteCount)
        let plan = ConvergencePlan(
            for: curve,
            under: ConvergencePlan.Conditions(
                remaining: remaining, rate: rate, pause: outlook.syncDuration.inSeconds,
                target: Double(affordable) * Self.aim, maximum: maximum))
        guard plan.finishes else {
            let next = ThrottlePercentage(clamping: maximum)
            return next == throttle ? nil : Prediction(throttle: next, reason: "no throttle suffices")
        }
        if throttle == .off, watched < (unsafe Self.caution) * plan.workLost { return nil }
        guard plan.throttle != throttle.rawValue else { return nil }
        return Prediction(
            throttle: ThrottlePercentage(clamping: plan.throttle),
            reason: "writes \(Int(curve.bytes(within: remaining / rate)).byteText) an iteration, "
                + "\(Int(rate).byteText)/s move, \(affordable.byteText) fit the downtime, "
                + "done in \(plan.time.threeFigures) s")
    }
}
