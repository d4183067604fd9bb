package import Multifd

/// One scenario under every published policy and under ours.
package struct PolicyComparison: Hashable, Sendable {
    /// What a policy made of the scenario. Times in ms.
    package struct Outcome: Hashable, Sendable, Encodable {
        package var policy: String
        package var completes: Bool
        package var totalTime: Int
        package var workLost: Int
        package var downtime: Int
        package var highestThrottle: Int

        private enum CodingKeys: String, CodingKey {
            case policy = "throttle-policy"
            case completes
            case totalTime = "total-time"
            case workLost = "work-lost"
            case downtime
            case highestThrottle = "highest-cpu-throttle-percentage"
        }
    }

    package var scenario: String
    package var downtimeLimit: Int
    package var predictive: Outcome
    package var published: [Outcome]

    package init(of scenario: Scenario) {
        func outcome(_ name: String, _ parameters: ThrottleParameters) -> Outcome {
            var scenario = scenario
            scenario.throttle = parameters
            let report = Simulation.run(scenario)
            return Outcome(
                policy: name, completes: report.status == .completed, totalTime: report.totalTime,
                workLost: report.workLost, downtime: report.downtime, highestThrottle: report.highestThrottle)
        }
        self.scenario = scenario.name
        downtimeLimit = Int(saturating: scenario.downtimeLimit * 1000)
        predictive = outcome("predictive", ThrottleParameters(policy: .predictive))
        published = Self.publishedPolicies.map { outcome($0.name, $0.parameters) }
    }

    /// The published policy that loses the least work of those that complete; the faster one of two that lose as much.
    package var leastLoss: Outcome? {
        published.filter(\.completes).min { ($0.workLost, $0.totalTime) < ($1.workLost, $1.totalTime) }
    }

    /// The published policy that completes first.
    package var fastest: Outcome? {
        published.filter(\.completes).min { $0.totalTime < $1.totalTime }
    }

    /// Work that ours loses, as a multiple of the least that any published policy loses; nil where neither throttles or no
    /// published policy completes. A millisecond is added to both, so that it exists where one is 0.
    package var workLostRatio: Double? {
        guard let best = leastLoss, predictive.workLost > 0 || best.workLost > 0 else { return nil }
        return Double(predictive.workLost + 1) / Double(best.workLost + 1)
    }

    /// Our total time, as a multiple of the shortest of any published policy; nil where none completes, or one within a
    /// millisecond.
    package var totalTimeRatio: Double? {
        guard let fastest, fastest.totalTime > 0 else { return nil }
        return Double(predictive.totalTime) / Double(fastest.totalTime)
    }

    /// Every policy of the field, each without and with periodic syncs and the responsive trigger.
    package static let publishedPolicies: [(name: String, parameters: ThrottleParameters)] = {
        var policies: [(name: String, parameters: ThrottleParameters)] = []
        for policy in ThrottlePolicy.allCases where policy != .predictive {
            var parameters = ThrottleParameters(policy: policy)
            // Its defaults never shrink a step: dynamic once more.
            if policy == .tailslowParameters { (parameters.tailStart, parameters.tailRate) = (60, 40) }
            parameters.isPeriodic = false
            policies.append((policy.rawValue, parameters))
            guard policy != .legacy2013 else { continue }
            parameters.isPeriodic = true
            policies.append(("\(policy.rawValue) + periodic", parameters))
            parameters.isResponsive = true
            policies.append(("\(policy.rawValue) + periodic + responsive", parameters))
        }
        return policies
    }()
}

extension PolicyComparison: Encodable {
    private enum CodingKeys: String, CodingKey {
        case scenario
        case downtimeLimit = "downtime-limit"
        case predictive, published
        case leastLoss = "least-work-lost"
        case workLostRatio = "work-lost-ratio"
        case totalTimeRatio = "total-time-ratio"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(scenario, forKey: .scenario)
        try container.encode(downtimeLimit, forKey: .downtimeLimit)
        try container.encode(predictive, forKey: .predictive)
        try container.encode(published, forKey: .published)
        try container.encodeIfPresent(leastLoss, forKey: .leastLoss)
        try container.encodeIfPresent(workLostRatio, forKey: .workLostRatio)
        try container.encodeIfPresent(totalTimeRatio, forKey: .totalTimeRatio)
    }
}
