/// One change of the throttle percentage, and why.
public struct ThrottleDecisionInfo: Codable, Hashable, Sendable {
    /// When, since the migration began.
    @Milliseconds public var time: Duration = .zero
    /// Bytes of RAM dirtied in the period that was judged.
    public var bytesDirtied = 0
    /// Bytes sent in that period.
    public var bytesTransferred = 0
    /// What brought the decision about, such as `dirty-rate`.
    public var trigger = ""
    /// The throttle percentage before.
    public var from = 0
    /// The throttle percentage after.
    public var to = 0
    /// Why, in a sentence.
    public var reason = ""

    /// Nothing decided.
    public init() {}

    private enum CodingKeys: String, CodingKey {
        case time
        case bytesDirtied = "bytes-dirtied"
        case bytesTransferred = "bytes-transferred"
        case trigger
        case from
        case to
        case reason
    }
}
