/// What the throttle policies can be told. Names, ranges and defaults are QEMU's where it has the parameter.
public struct ThrottleParameters: Hashable, Sendable, Codable {
    /// Which policy decides.
    public var policy: ThrottlePolicy
    /// `throttle-trigger-threshold`: a sample is high when more than this share of the bytes transferred was dirtied. In
    /// %, 1...100.
    public var triggerThreshold = 50
    /// `cpu-throttle-initial`: the first throttle, in %, 1...99.
    public var initial = 20
    /// `cpu-throttle-increment`: what each later step adds, in %, 1...99.
    public var increment = 10
    /// `max-cpu-throttle`: the highest throttle, in %, ``initial``...99; 1...99 for a policy that does not read ``initial``.
    public var maximum = 99
    /// `cpu-responsive-throttle`: the throttle also steps when the dirty ratio has risen twice.
    public var isResponsive = false
    /// `cpu-periodic-throttle`: syncs are made within long iterations too.
    public var isPeriodic = true
    /// `cpu-periodic-throttle-interval`: the time between two such syncs, in s, 1...10.
    public var periodicInterval = 5
    /// Policy `tailslow-parameters`: the throttle from which steps shrink, in %, 1...100; 100 is never.
    public var tailStart = 100
    /// Policy `tailslow-parameters`: the share of what remains that such a step takes, in %, 1...100.
    public var tailRate = 100
    /// Policy `geometric`: the share of what remains that each step takes, in %, 1...100.
    public var geometricRate = 30

    /// The defaults of a policy.
    public init(policy: ThrottlePolicy = .predictive) {
        self.policy = policy
    }

    /// The names on the command line and in JSON.
    package enum CodingKeys: String, CodingKey, CaseIterable, Sendable {
        case policy = "throttle-policy"
        case triggerThreshold = "throttle-trigger-threshold"
        case initial = "cpu-throttle-initial"
        case increment = "cpu-throttle-increment"
        case maximum = "max-cpu-throttle"
        case isResponsive = "cpu-responsive-throttle"
        case isPeriodic = "cpu-periodic-throttle"
        case periodicInterval = "cpu-periodic-throttle-interval"
        case tailStart = "cpu-throttle-tail-start"
        case tailRate = "cpu-throttle-tail-rate"
        case geometricRate = "cpu-throttle-geometric-rate"
    }
}
