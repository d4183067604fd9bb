import Multifd
import MultifdSimulator
import TextTable

/// One line a policy.
struct PolicyTable {
    private let comparison: PolicyComparison

    init(_ comparison: PolicyComparison) {
        self.comparison = comparison
    }

    var text: String {
        TextTable<PolicyComparison.Outcome> { outcome in
            [
                Column(title: "policy", value: outcome.policy),
                .number("time", outcome.completes ? Self.text(outcome.totalTime) : "never"),
                .number("downtime", outcome.completes ? Self.text(outcome.downtime) : ""),
                .number("work lost", Self.text(outcome.workLost)),
                .number("throttle up to", "\(outcome.highestThrottle) %"),
            ]
        }.string(for: comparison.published + [comparison.predictive], style: Simple.self) ?? ""
    }

    private static func text(_ milliseconds: Int) -> String { Duration.milliseconds(milliseconds).people }
}
