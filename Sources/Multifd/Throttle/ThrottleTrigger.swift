/// Decides from each sample whether the throttle is to step.
package protocol ThrottleTrigger: Sendable {
    /// `throttle-trigger-threshold`, in %.
    var threshold: Int { get set }

    /// Looks at a sample, and says why the throttle is to step if it is to.
    mutating func firing(on sample: PeriodSample) -> TriggerFiring?
}

/// That a trigger fired.
package struct TriggerFiring: Hashable, Sendable {
    /// Which rule did.
    package var trigger: ThrottleDecision.Trigger
    /// What it saw, as the beginning of a sentence.
    package var reason: String
}
