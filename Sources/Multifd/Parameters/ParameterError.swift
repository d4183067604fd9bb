/// Why a migration parameter was refused. Names are in QEMU's spelling.
public enum ParameterError: Error, Equatable {
    /// A number outside its range.
    case outOfRange(name: String, valid: ClosedRange<Int>, found: Int)
    /// A number below the least that makes sense.
    case belowMinimum(name: String, minimum: Int, found: Int)
    /// A size that must be a power of two, in bytes.
    case notPowerOfTwo(name: String, minimum: Int, found: Int)
    /// A word that is none of those accepted.
    case unknownValue(name: String, accepted: [String], found: String)
    /// A change of what is fixed when a migration is set up.
    case fixed(name: String)
    /// A parameter that only other policies look at.
    case parameterOfOtherPolicy(name: String, policy: ThrottlePolicy, readBy: [ThrottlePolicy])
    /// `cpu-throttle-tailslow` is the policy `tailslow`, but another was named.
    case tailslowWithPolicy(ThrottlePolicy)
    /// A parameter that does nothing without another.
    case needless(name: String, without: String)
    /// A parameter that does nothing beside another.
    case needlessWith(name: String, other: String)
    /// A parameter of what only this program understands, in a transfer with a QEMU.
    case notWithQEMU(name: String)
    /// Both ways to slow a guest were asked for.
    case dirtyLimitWithAutoConverge
    /// The guest cannot be slowed one vCPU at a time.
    case dirtyLimitUnsupported
    /// A guest without vCPUs is to be slowed.
    case nothingToThrottle
    /// Deltas are asked for of a guest whose memory does not change.
    case nothingToCompare
}

extension ParameterError: CustomStringConvertible {
    /// A sentence with what was expected and what was found.
    public var description: String {
        switch self {
        case .outOfRange(let name, let valid, let found):
            "Parameter '\(name)' expects a value between \(valid.lowerBound) and \(valid.upperBound), not \(found)"
        case .belowMinimum(let name, let minimum, let found):
            "Parameter '\(name)' expects a value of at least \(minimum), not \(found)"
        case .notPowerOfTwo(let name, let minimum, let found):
            "Parameter '\(name)' expects a power of two of at least \(minimum) bytes, not \(found)"
        case .unknownValue(let name, let accepted, let found):
            "Parameter '\(name)' does not accept value '\(found)': it accepts \(accepted.joined(separator: ", "))"
        case .fixed(let name):
            "Parameter '\(name)' is fixed when a migration is set up: cancel the migration to start it with another value"
        case .parameterOfOtherPolicy(let name, let policy, let others):
            "Parameter '\(name)' does nothing with the policy '\(policy.rawValue)': leave it out or choose "
                + Self.choice(of: others)
        case .tailslowWithPolicy(let policy):
            "Parameter 'cpu-throttle-tailslow' selects the policy 'tailslow', but '\(policy.rawValue)' was asked for "
                + "too: give one of them"
        case .needless(let name, let other):
            "Parameter '\(name)' does nothing without '\(other)': leave it out or give '\(other)' too"
        case .needlessWith(let name, let other):
            "Parameter '\(name)' does nothing with '\(other)': leave one of them out"
        case .notWithQEMU(let name):
            "Parameter '\(name)' does nothing when the peer is a QEMU: leave it out"
        case .dirtyLimitWithAutoConverge:
            "Parameter 'vcpu-dirty-limit' slows only the vCPUs that write and 'auto-converge' slows all of them: give "
                + "one of them"
        case .dirtyLimitUnsupported:
            "Parameter 'vcpu-dirty-limit' needs a guest whose vCPUs can be slowed one by one, and this one's cannot: "
                + "use 'auto-converge'"
        case .nothingToThrottle:
            "'auto-converge' and 'vcpu-dirty-limit' slow vCPUs down, and this guest has none: leave them out"
        case .nothingToCompare:
            "'xbzrle' sends what has changed since a page was last sent, and nothing writes to this guest's: leave it out"
        }
    }

    /// The names as alternatives: `a, b or c`.
    private static func choice(of policies: [ThrottlePolicy]) -> String {
        let names = policies.map(\.rawValue)
        return ([names.dropLast().joined(separator: ", ")] + names.suffix(1)).filter { !$0.isEmpty }
            .joined(separator: " or ")
    }
}
