/// Auto-converge as an engine uses it: when to sync beside the syncs between iterations, which syncs make a sample, and
/// what a sample does to the throttle. It knows time only as it is told.
package struct AutoConverge: Sendable {
    /// Decides on the samples.
    package private(set) var controller: ThrottleController
    /// The latest sample, for a recording.
    package private(set) var lastSample: PeriodSample?
    private var clock = SampleClock()
    private var periodic: PeriodicSyncClock?
    private var lastSyncTime = Duration.zero

    package init(_ parameters: ThrottleParameters) {
        controller = ThrottleController(parameters)
        if parameters.isPeriodic, parameters.policy != .predictive {
            periodic = PeriodicSyncClock(interval: .seconds(parameters.periodicInterval))
        }
    }

    /// In force.
    package var throttle: ThrottlePercentage { controller.throttle }

    /// When ``isSyncDue(at:dirtySyncCount:)`` may next say so; nil if never.
    package var nextSyncTime: Duration? {
        [periodic?.nextTickTime, requestedSyncTime].compactMap(\.self).min()
    }

    /// Whether to sync now, within an iteration. When it says so, it counts on that sync being made.
    ///
    /// - Parameters:
    ///   - now: since the migration started.
    ///   - dirtySyncCount: syncs so far, the one before the first iteration included.
    package mutating func isSyncDue(at now: Duration, dirtySyncCount: Int) -> Bool {
        let isTick = periodic?.isSyncDue(at: now, dirtySyncCount: dirtySyncCount) ?? false
        guard dirtySyncCount > 1 else { return false }
        return isTick || requestedSyncTime.map { $0 <= now } ?? false
    }

    /// Takes note of a sync, and decides if that completes a sample. The parameters are those of ``SampleClock``.
    package mutating func synced(
        at now: Duration, bytesDirtied: Int, bytesWritten: Int, bytesTransferred: Int, ramBytesSent: Int,
        outlook: MigrationOutlook
    ) -> ThrottleDecision? {
        lastSyncTime = now
        let sample = clock.sync(
            at: now, bytesDirtied: bytesDirtied, bytesWritten: bytesWritten, bytesTransferred: bytesTransferred,
            ramBytesSent: ramBytesSent, throttle: throttle, outlook: outlook)
        guard let sample else { return nil }
        lastSample = sample
        return controller.update(with: sample)
    }

    /// Takes the throttle off at the end of the migration. Nil when there is none.
    package mutating func release(at time: Duration, reason: String) -> ThrottleDecision? {
        controller.release(at: time, reason: reason)
    }

    /// The first sync that the policy asked for and that no other has served.
    private var requestedSyncTime: Duration? {
        guard let sample = lastSample else { return nil }
        return controller.requestedSyncs.lazy.map { sample.time + $0 }.first { $0 > lastSyncTime }
    }
}
