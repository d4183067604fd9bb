import Multifd

extension ThrottleDecision {
    /// For people: when, and why.
    var line: String { "after \(time.people): \(reason)" }

    /// `throttle 20 → 30 %`.
    var change: String { "throttle \(from.rawValue) → \(to.rawValue) %" }

    /// What was seen, without what it was compared with and what follows: `dirtied 62.9 MB > 50 %`.
    var briefReason: String {
        let end = [" of ", ", ", ": throttle"].compactMap { reason.firstRange(of: $0)?.lowerBound }.min()
        return String(reason[..<(end ?? reason.endIndex)])
    }
}
