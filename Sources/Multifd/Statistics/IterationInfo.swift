/// One pass over the migration bitmap.
public struct IterationInfo: Codable, Hashable, Sendable {
    /// 1 is the pass over all RAM.
    public var iteration = 0
    /// Pages dealt with: normal, zero, delta and unchanged ones.
    public var pages = 0
    /// Pages sent with content.
    public var normal = 0
    /// Zero pages.
    public var duplicate = 0
    /// Pages sent as deltas.
    public var delta = 0
    /// Pages marked dirty whose content was what the destination has already.
    public var unchanged = 0
    /// Bytes sent.
    public var transferred = 0
    /// How long the pass took, barrier included.
    @Milliseconds public var duration: Duration = .zero
    /// Megabits (1,000,000 bits) a second that were sent.
    public var mbps = 0.0
    /// Bytes of RAM that the guest dirtied meanwhile.
    public var bytesDirtied = 0
    /// Bytes of RAM to be sent, when the pass and the sync after it were over.
    public var remaining = 0
    /// The share of vCPU time taken away at its end, in % (0...99).
    public var cpuThrottlePercentage = 0
    /// How fast the guest ran meanwhile, in % of its speed before the migration; nil when it does not count or the pass
    /// was too short to tell. Ours.
    public var guestSpeed: Double?

    /// Nothing counted.
    public init(iteration: Int = 0) {
        self.iteration = iteration
    }

    private enum CodingKeys: String, CodingKey {
        case iteration
        case pages
        case normal
        case duplicate
        case delta
        case unchanged
        case transferred
        case duration
        case mbps
        case bytesDirtied = "bytes-dirtied"
        case remaining
        case cpuThrottlePercentage = "cpu-throttle-percentage"
        case guestSpeed = "guest-speed"
    }
}
