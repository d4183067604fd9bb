extension ThrottleParameters {
    /// What cannot change while a migration runs: what decides, and when, unlike how much.
    static let fixed: Set<CodingKeys> = [
        .policy, .isResponsive, .isPeriodic, .periodicInterval, .tailStart, .tailRate, .geometricRate,
    ]

    /// The name of the first parameter that differs and that cannot change while a migration runs.
    func nameOfFixedDifference(from other: ThrottleParameters) -> String? {
        differences(from: other).first { Self.fixed.contains($0) }?.rawValue
    }

    /// The parameters that differ.
    func differences(from other: ThrottleParameters) -> [CodingKeys] {
        CodingKeys.allCases.filter { key in
            var changed = self
            changed.take(key, from: other)
            return changed != self
        }
    }

    /// These parameters for another policy: what that does not look at has its default.
    package func adapted(to policy: ThrottlePolicy) -> ThrottleParameters {
        var result = ThrottleParameters(policy: policy)
        for key in CodingKeys.allCases where key != .policy && policy.reads(key) { result.take(key, from: self) }
        return result
    }

    private mutating func take(_ key: CodingKeys, from other: ThrottleParameters) {
        switch key {
        case .policy: policy = other.policy
        case .triggerThreshold: triggerThreshold = other.triggerThreshold
        case .initial: initial = other.initial
        case .increment: increment = other.increment
        case .maximum: maximum = other.maximum
        case .isResponsive: isResponsive = other.isResponsive
        case .isPeriodic: isPeriodic = other.isPeriodic
        case .periodicInterval: periodicInterval = other.periodicInterval
        case .tailStart: tailStart = other.tailStart
        case .tailRate: tailRate = other.tailRate
        case .geometricRate: geometricRate = other.geometricRate
        }
    }
}
