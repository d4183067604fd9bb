/// Slows a guest down while it is migrated. It decides at syncs, may want some beside those between iterations, and knows
/// time only as it is told.
package protocol GuestThrottle: Sendable {
    /// In force; the highest where vCPUs differ.
    var throttle: ThrottlePercentage { get }

    /// The latest sample that a decision was based on, for a recording.
    var lastSample: PeriodSample? { get }

    /// When ``isSyncDue(at:dirtySyncCount:)`` may next say so; nil if never.
    var nextSyncTime: Duration? { get }

    /// Whether to sync now, within an iteration. When it says so, it counts on that sync being made.
    ///
    /// - Parameters:
    ///   - now: since the migration started.
    ///   - dirtySyncCount: syncs so far, the one before the first iteration included.
    mutating func isSyncDue(at now: Duration, dirtySyncCount: Int) -> Bool

    /// Takes note of a sync, and decides.
    mutating func synced(_ sync: SyncOutcome) -> [ThrottleDecision]

    /// Takes all throttling off at the end of the migration.
    mutating func release(at time: Duration, reason: String) -> [ThrottleDecision]

    /// Takes over what may change of the parameters.
    mutating func adopt(_ parameters: ThrottleParameters)
}
