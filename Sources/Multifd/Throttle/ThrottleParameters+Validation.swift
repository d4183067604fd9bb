extension ThrottleParameters {
    /// Refuses values out of range and combinations that make no sense.
    public func validate() throws(ThrottleError) {
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

    private func check(_ value: Int, within range: ClosedRange<Int>, as key: CodingKeys) throws(ThrottleError) {
        guard range.contains(value) else {
            throw .outOfRange(name: key.rawValue, value: value, range: range)
        }
    }
}
