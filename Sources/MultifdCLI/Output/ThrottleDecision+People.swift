import Multifd

extension ThrottleDecision {
    /// For people: when, and why.
    var line: String { "after \(time.people): \(reason)" }
}
