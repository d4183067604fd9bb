/// The 2013 proposal's trigger: fires once, on the 7th high sample of the migration.
package struct Legacy2013Trigger: ThrottleTrigger {
    /// In %: the proposal had no parameter for it.
    private static let half = 50

    private var highCount = 0
    private var previousDirtyPagesRate = 0

    package init() {}

    package mutating func firing(on sample: PeriodSample, threshold _: Int) -> TriggerFiring? {
        defer { previousDirtyPagesRate = sample.dirtyPagesRate }
        guard previousDirtyPagesRate != 0, sample.isHigh(threshold: Self.half) else { return nil }
        highCount += 1
        guard highCount == 7 else { return nil }
        return TriggerFiring(
            trigger: .legacy2013,
            reason: "dirtied \(sample.bytesDirtied.byteText) > half of \(sample.bytesTransferred.byteText) "
                + "transferred, seventh time")
    }
}
