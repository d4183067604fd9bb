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
                Column(title: "time", value: outcome.completes ? Self.text(outcome.totalTime) : "never", align: .right),
                Column(title: "downtime", value: outcome.completes ? Self.text(outcome.downtime) : "", align: .right),
                Column(title: "work lost", value: Self.text(outcome.workLost), align: .right),
                Column(title: "throttle up to", value: "\(outcome.highestThrottle) %", align: .right),
            ]
        }.string(for: comparison.published + [comparison.predictive], style: Simple.self) ?? ""
    }

    private static func text(_ milliseconds: Int) -> String { Duration.milliseconds(milliseconds).people }
}
