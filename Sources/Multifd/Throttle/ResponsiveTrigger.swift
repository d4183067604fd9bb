/// The 2024 proposal's "dirty ratio", in addition to ``DirtyRateTrigger``: a sample that is high fires as well when the
/// ratio of bytes dirtied to bytes transferred has risen twice, so that a worsening guest does not wait for its turn.
package struct ResponsiveTrigger: ThrottleTrigger {
    private var dirtyRate = DirtyRateTrigger()
    /// In %, rounded down.
    private var previousRatio: Int?
    private var riseCount = 0

    package init() {}

    package mutating func firing(on sample: PeriodSample, threshold: Int) -> TriggerFiring? {
        let rise = rise(in: sample, above: threshold)
        // Its counter counts, whichever of the two rules makes the throttle step.
        if let firing = dirtyRate.firing(on: sample, threshold: threshold) { return firing }
        guard let rise, sample.isHigh(threshold: threshold) else { return nil }
        return TriggerFiring(
            trigger: .responsive,
            reason: "dirtied \(rise.to) % of \(sample.bytesTransferred.byteText) transferred after \(rise.from) %, "
                + "second rise")
    }

    /// The rise of the ratio that makes it high, if it does.
    private mutating func rise(in sample: PeriodSample, above threshold: Int) -> (from: Int, to: Int)? {
        guard sample.bytesTransferred > 0 else { return nil }
        let ratio = 100 * sample.bytesDirtied / sample.bytesTransferred
        defer { previousRatio = ratio }
        guard let previous = previousRatio, ratio > threshold, ratio >= previous else { return nil }
        riseCount += 1
        guard riseCount >= 2 else { return nil }
        riseCount = 0
        return (previous, ratio)
    }
}
