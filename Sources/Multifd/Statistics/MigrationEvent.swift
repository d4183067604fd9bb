/// What happens while a migration runs.
public enum MigrationEvent: Sendable {
    /// The migration is in another state.
    case status(MigrationStatus)
    /// An iteration is complete.
    case iteration(IterationInfo)
    /// The throttle changes, or no throttle will do.
    case throttle(ThrottleDecision)
    /// How things stand, about ten times a second.
    case progress(MigrationInfo)
    /// So much of a stored guest's RAM, 0...1, has been compared with its hashes, before any of it is sent.
    case comparison(Double)
}
