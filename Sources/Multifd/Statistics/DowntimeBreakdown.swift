/// Where the downtime went, step by step in the order in which they happen.
public struct DowntimeBreakdown: Codable, Hashable, Sendable {
    /// Stopping all vCPUs.
    @Milliseconds public var pause: Duration = .zero
    /// The last sync of the dirty log.
    @Milliseconds public var finalSync: Duration = .zero
    /// Sending what it found.
    @Milliseconds public var finalIteration: Duration = .zero
    /// Saving and sending the device state.
    @Milliseconds public var deviceState: Duration = .zero
    /// Waiting for the destination to say that all is in and verified.
    @Milliseconds public var commit: Duration = .zero
    /// Starting the guest at the destination, as it reports.
    @Milliseconds public var resume: Duration = .zero

    /// No time spent.
    public init() {}

    /// The sum of the steps.
    public var total: Duration { pause + finalSync + finalIteration + deviceState + commit + resume }

    private enum CodingKeys: String, CodingKey {
        case pause
        case finalSync = "final-sync"
        case finalIteration = "final-iteration"
        case deviceState = "device-state"
        case commit
        case resume
    }
}
