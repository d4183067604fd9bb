/// Why the throttle parameters given cannot be used.
public enum ThrottleError: Error, Hashable {
    /// A value outside its range.
    case outOfRange(name: String, value: Int, range: ClosedRange<Int>)
    /// `cpu-responsive-throttle` with a policy that has no trigger to make responsive.
    case responsiveWithoutTrigger(ThrottlePolicy)
    /// A parameter that only another policy looks at.
    case parameterOfOtherPolicy(name: String, policy: ThrottlePolicy, belongsTo: ThrottlePolicy)
    /// `cpu-throttle-tailslow` is the policy `tailslow`, but another was named.
    case tailslowWithPolicy(ThrottlePolicy)
    /// Both ways to slow a guest were asked for.
    case dirtyLimitWithAutoConverge
    /// The guest cannot be slowed one vCPU at a time.
    case dirtyLimitUnsupported
}

extension ThrottleError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    public var description: String {
        switch self {
        case .outOfRange(let name, let value, let range):
            "Parameter '\(name)' expects a value between \(range.lowerBound) and \(range.upperBound), not \(value)"
        case .responsiveWithoutTrigger(let policy):
            "Parameter 'cpu-responsive-throttle' changes when a throttle steps, but the policy '\(policy.rawValue)' "
                + "does not step: leave it out or choose another policy"
        case .parameterOfOtherPolicy(let name, let policy, let owner):
            "Parameter '\(name)' belongs to the policy '\(owner.rawValue)', but the policy is '\(policy.rawValue)': "
                + "leave it out or choose '\(owner.rawValue)'"
        case .tailslowWithPolicy(let policy):
            "Parameter 'cpu-throttle-tailslow' selects the policy 'tailslow', but '\(policy.rawValue)' was asked for "
                + "too: give one of them"
        case .dirtyLimitWithAutoConverge:
            "Parameter 'vcpu-dirty-limit' slows only the vCPUs that write and 'auto-converge' slows all of them: give "
                + "one of them"
        case .dirtyLimitUnsupported:
            "Parameter 'vcpu-dirty-limit' needs a guest whose vCPUs can be slowed one by one, and this one's cannot: "
                + "use 'auto-converge'"
        }
    }
}
