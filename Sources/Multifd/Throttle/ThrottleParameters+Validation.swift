extension ThrottleParameters {
    /// Refuses values out of range and combinations that make no sense.
    public func validate() throws(ParameterError) {
        try check(triggerThreshold, within: 1...100, as: .triggerThreshold)
        try check(initial, within: 1...99, as: .initial)
        try check(increment, within: 1...99, as: .increment)
        try check(maximum, within: initial...99, as: .maximum)
        try check(periodicInterval, within: 1...10, as: .periodicInterval)
        try check(tailStart, within: 1...100, as: .tailStart)
        try check(tailRate, within: 1...100, as: .tailRate)
        try check(geometricRate, within: 1...100, as: .geometricRate)
        if isResponsive, policy == .legacy2013 || policy == .predictive {
            throw .responsiveWithoutTrigger(policy)
        }
        let hasTail = tailStart != 100 || tailRate != 100
        if hasTail, policy != .tailslowParameters {
            throw .parameterOfOtherPolicy(
                name: tailStart != 100 ? CodingKeys.tailStart.rawValue : CodingKeys.tailRate.rawValue,
                policy: policy, belongsTo: .tailslowParameters)
        }
        if geometricRate != 30, policy != .geometric {
            throw .parameterOfOtherPolicy(
                name: CodingKeys.geometricRate.rawValue, policy: policy, belongsTo: .geometric)
        }
    }

    /// These parameters without what only their policy looks at, to be given to another.
    package var withoutPolicy: ThrottleParameters {
        var result = self
        let defaults = ThrottleParameters()
        (result.policy, result.isResponsive) = (defaults.policy, false)
        (result.tailStart, result.tailRate) = (defaults.tailStart, defaults.tailRate)
        result.geometricRate = defaults.geometricRate
        return result
    }

    /// The name of the first parameter that differs and that cannot change while a migration runs: what decides, and
    /// when, unlike how much.
    func nameOfFixedDifference(from other: ThrottleParameters) -> String? {
        let differences: [(key: CodingKeys, differs: Bool)] = [
            (.policy, policy != other.policy),
            (.isResponsive, isResponsive != other.isResponsive),
            (.isPeriodic, isPeriodic != other.isPeriodic),
            (.periodicInterval, periodicInterval != other.periodicInterval),
            (.tailStart, tailStart != other.tailStart),
            (.tailRate, tailRate != other.tailRate),
            (.geometricRate, geometricRate != other.geometricRate),
        ]
        return differences.first(where: \.differs)?.key.rawValue
    }

    private func check(_ value: Int, within range: ClosedRange<Int>, as key: CodingKeys) throws(ParameterError) {
        guard range.contains(value) else {
            throw .outOfRange(name: key.rawValue, valid: range, found: value)
        }
    }
}
