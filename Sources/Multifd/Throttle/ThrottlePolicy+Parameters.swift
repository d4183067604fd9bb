extension ThrottlePolicy {
    /// Whether the policy looks at a parameter; one that it does not look at does nothing.
    package func reads(_ parameter: ThrottleParameters.CodingKeys) -> Bool {
        switch parameter {
        case .policy, .maximum: true
        case .isPeriodic, .periodicInterval: self != .predictive
        case .triggerThreshold, .isResponsive: self != .predictive && self != .legacy2013
        case .initial, .increment:
            self == .dynamic || self == .tailslowFixed || self == .tailslowParameters || self == .tailslow
        case .tailStart, .tailRate: self == .tailslowParameters
        case .geometricRate: self == .geometric
        }
    }
}
