/// QEMU's trigger: fires at every second high sample, whatever lies between them.
package struct DirtyRateTrigger: ThrottleTrigger {
    private var highCount = 0

    package init() {}

    package mutating func firing(on sample: PeriodSample, threshold: Int) -> TriggerFiring? {
        guard sample.isHigh(threshold: threshold) else { return nil }
        highCount += 1
        guard highCount >= 2 else { return nil }
        highCount = 0
        return TriggerFiring(
            trigger: .dirtyRate,
            reason: "dirtied \(sample.bytesDirtied.byteText) > \(threshold) % of "
                + "\(sample.bytesTransferred.byteText) transferred, second time")
    }
}
