import Multifd

extension ThrottleDecision {
    /// For people: when, and why.
    var line: String { "after \(time.people): \(reason)" }

    /// `throttle 20 → 30 %`.
    var change: String { "throttle \(from.rawValue) → \(to.rawValue) %" }

    /// What was seen: `dirtied 62.9 MB, sent 40 MB`. From the facts, because the words of `reason` may change.
    var brief: String {
        switch trigger {
        case .dirtyRate, .responsive, .legacy2013, .prediction:
            "dirtied \(bytesDirtied.byteText), sent \(bytesTransferred.byteText)"
        case .dirtyLimit: (vcpu.map { "vCPU \($0) " } ?? "") + "dirtied \(bytesDirtied.byteText)"
        case .maximum: "the maximum was lowered"
        case .release: "the migration ended"
        }
    }
}
