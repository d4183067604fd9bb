/// Decides from each sample whether the throttle is to step.
package protocol ThrottleTrigger: Sendable {
    /// Looks at a sample, and says why the throttle is to step if it is to.
    ///
    /// - Parameter threshold: `throttle-trigger-threshold` as it is now, in %.
    mutating func firing(on sample: PeriodSample, threshold: Int) -> TriggerFiring?
}
