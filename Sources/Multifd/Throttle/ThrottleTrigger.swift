/// Decides from each sample whether the throttle is to step.
package protocol ThrottleTrigger: Sendable {
    /// Looks at a sample, and says why the throttle is to step if it is to.
    ///
    /// - Parameter threshold: `throttle-trigger-threshold` as it is now, in %.
    mutating func firing(on sample: PeriodSample, threshold: Int) -> TriggerFiring?
}

/// That a trigger fired.
package struct TriggerFiring: Hashable, Sendable {
    /// Which rule did.
    package var trigger: ThrottleDecision.Trigger
    /// What it saw, as the beginning of a sentence.
    package var reason: String
}
