/// That a trigger fired.
package struct TriggerFiring: Hashable, Sendable {
    /// Which rule did.
    package var trigger: ThrottleDecision.Trigger
    /// What it saw, as the beginning of a sentence.
    package var reason: String
}
