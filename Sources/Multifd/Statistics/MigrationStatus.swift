/// Where a migration is, in the words of QEMU's `query-migrate`.
public enum MigrationStatus: String, CaseIterable, Codable, Sendable {
    /// Not begun.
    case none
    /// Connecting, negotiating, allocating.
    case setup
    /// Sending RAM while the guest runs.
    case active
    /// The guest is paused and the source waits to be told to go on.
    case preSwitchover = "pre-switchover"
    /// The guest is paused; the last pages and the device state are on their way.
    case device
    /// The destination owns the guest.
    case completed
    /// It ended with an error; the guest belongs to the source.
    case failed
    /// It was cancelled and is being wound up.
    case cancelling
    /// It was cancelled; the guest belongs to the source and runs.
    case cancelled
    /// The guest runs at the destination and fetches what is missing.
    case postcopyActive = "postcopy-active"
    /// The guest is replicated by checkpoints.
    case colo

    /// Whether nothing changes any more.
    public var isFinal: Bool {
        switch self {
        case .completed, .failed, .cancelled: true
        case .none, .setup, .active, .preSwitchover, .device, .cancelling, .postcopyActive, .colo: false
        }
    }
}
