/// What is known of a migration at one moment, and at its end its report.
///
/// Encoded, it has the shape, names and units of QEMU's `query-migrate`, with fields of our own beside them. A field
/// that means nothing at the moment is left out.
public struct MigrationInfo: Codable, Hashable, Sendable {
    /// Where the migration is.
    public var status = MigrationStatus.none
    /// Since the migration began; does not grow after its end.
    @WholeMilliseconds public var totalTime: Duration = .zero
    /// From the beginning to the first page sent.
    @WholeMilliseconds public var setupTime: Duration = .zero
    /// The downtime if switchover were now. Only while pages are sent with the guest running.
    public var expectedDowntime: Duration? {
        get { encodedExpectedDowntime?.wrappedValue }
        set { encodedExpectedDowntime = newValue.map(WholeMilliseconds.init) }
    }
    /// For how long no side ran the guest. Only after success.
    public var downtime: Duration? {
        get { encodedDowntime?.wrappedValue }
        set { encodedDowntime = newValue.map(WholeMilliseconds.init) }
    }
    /// The share of vCPU time taken away, in % (1...99). Only while the guest is throttled.
    public var cpuThrottlePercentage: Int?
    /// Why it failed: a sentence. Only after a failure.
    public var errorDescription: String?
    /// Pages and bytes.
    public var ram = RAMInfo()
    /// What deltas did. Only with the xbzrle capability.
    public var xbzrleCache: XBZRLECacheInfo?

    /// Whether the destination has confirmed that what it holds is what was sent.
    public var verified = false
    /// Where the destination listens.
    public var uri: String?
    /// The parameters in force. A destination knows those that the two ends have agreed on: only these are in its document,
    /// and the others have their defaults here, whatever the source chose.
    public var parameters: MigrationParameters? {
        get { encodedParameters?.parameters }
        set { encodedParameters = newValue.map { ReportedParameters($0) } }
    }
    /// The guest. Not before it is known.
    public var guest: GuestInfo?
    /// One entry an iteration, in order; of more than 10,000 the first 4,000 and as many of the last, or more. The last is the
    /// one with the guest paused.
    public var iterations: [IterationInfo] = []
    /// What the entries for all would say of those in the middle that have none. Only where there are some.
    public var iterationsLeftOut: LeftOutIterations?
    /// One entry a channel, in order.
    public var channels: [ChannelInfo] = []
    /// What each codec in use did, by its name.
    public var codecs: [String: CodecInfo] = [:]
    /// What `multifd-compression auto` decided. Only with it, at the source.
    public var codecDecisions: CodecDecisionsInfo?
    /// Each change of the throttle percentage, in order.
    public var throttleDecisions: [ThrottleDecision] = []
    /// Where the downtime went. Only after success.
    public var downtimeBreakdown: DowntimeBreakdown?

    // Stored as they are written, because a property wrapper cannot leave a nil out of the document.
    private var encodedExpectedDowntime: WholeMilliseconds?
    private var encodedDowntime: WholeMilliseconds?
    private var encodedParameters: ReportedParameters?

    /// A migration that has not begun.
    public init() {}

    /// Sets the parameters of a destination.
    package mutating func agree(on parameters: MigrationParameters) {
        encodedParameters = ReportedParameters(parameters, areAgreedOnly: true)
    }

    private enum CodingKeys: String, CodingKey {
        case status
        case totalTime = "total-time"
        case setupTime = "setup-time"
        case encodedExpectedDowntime = "expected-downtime"
        case encodedDowntime = "downtime"
        case cpuThrottlePercentage = "cpu-throttle-percentage"
        case errorDescription = "error-desc"
        case ram
        case xbzrleCache = "xbzrle-cache"
        case verified
        case uri
        case encodedParameters = "parameters"
        case guest
        case iterations
        case iterationsLeftOut = "iterations-left-out"
        case channels
        case codecs
        case codecDecisions = "codec-decisions"
        case throttleDecisions = "throttle-decisions"
        case downtimeBreakdown = "downtime-breakdown"
    }
}
