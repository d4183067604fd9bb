extension ThrottleParameters {
    /// Refuses values out of range and combinations that make no sense.
    public func validate() throws(ParameterError) {
        try check(triggerThreshold, within: 1...100, as: .triggerThreshold)
        try check(initial, within: 1...99, as: .initial)
        try check(increment, within: 1...99, as: .increment)
        try check(maximum, within: policy.reads(.initial) ? initial...99 : 1...99, as: .maximum)
        try check(periodicInterval, within: 1...10, as: .periodicInterval)
        try check(tailStart, within: 1...100, as: .tailStart)
        try check(tailRate, within: 1...100, as: .tailRate)
        try check(geometricRate, within: 1...100, as: .geometricRate)
        // What may change while a migration runs may be set beforehand for any policy.
        let defaults = ThrottleParameters(policy: policy)
        for key in differences(from: defaults) where Self.fixed.contains(key) { try checkIsRead(key) }
    }

    /// Refuses a parameter that was asked for and that the policy does not look at.
    package func checkIsRead(_ key: CodingKeys) throws(ParameterError) {
        guard !policy.reads(key) else { return }
        throw .parameterOfOtherPolicy(
            name: key.rawValue, policy: policy, readBy: ThrottlePolicy.allCases.filter { $0.reads(key) })
    }

    private func check(_ value: Int, within range: ClosedRange<Int>, as key: CodingKeys) throws(ParameterError) {
        guard range.contains(value) else {
            throw .outOfRange(name: key.rawValue, valid: range, found: value)
        }
    }
}
