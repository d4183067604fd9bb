/// A change of the throttle, with what led to it. In JSON, an element of `throttle-decisions`.
public struct ThrottleDecision: Hashable, Sendable {
    /// The rule that decided.
    public enum Trigger: String, Sendable, Codable {
        /// Much dirtied for what was transferred, for the second time.
        case dirtyRate = "dirty-rate"
        /// A ratio of dirtied to transferred that rose for the second time.
        case responsive
        /// The 2013 proposal's seventh high sample.
        case legacy2013 = "legacy-2013"
        /// The dirty limit, of one vCPU.
        case dirtyLimit = "dirty-limit"
        /// The model of the guest's writes.
        case prediction
        /// A `max-cpu-throttle` that was set lower than the throttle in force.
        case maximum = "max-cpu-throttle"
        /// The end of the migration.
        case release
    }

    /// When, since the migration started.
    public var time: Duration
    /// Bytes of pages newly found dirty in the period.
    public var bytesDirtied: Int
    /// Bytes put on the wire in the period.
    public var bytesTransferred: Int
    /// The rule that decided.
    public var trigger: Trigger
    /// The throttle before.
    public var from: ThrottlePercentage
    /// The throttle from now on; equal to ``from`` when all there is to say is that no throttle will do.
    public var to: ThrottlePercentage
    /// Why, in one line.
    public var reason: String
    /// The one vCPU that it is about; nil when it is about all.
    public var vcpu: Int?

    package init(
        time: Duration, bytesDirtied: Int, bytesTransferred: Int, trigger: Trigger, from: ThrottlePercentage,
        to: ThrottlePercentage, reason: String, vcpu: Int? = nil
    ) {
        self.time = time
        self.bytesDirtied = bytesDirtied
        self.bytesTransferred = bytesTransferred
        self.trigger = trigger
        self.from = from
        self.to = to
        self.reason = reason
        self.vcpu = vcpu
    }
}
