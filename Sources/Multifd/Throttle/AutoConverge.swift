/// Auto-converge as an engine uses it: when to sync beside the syncs between iterations, which syncs make a sample, and
/// what a sample does to the throttle. It knows time only as it is told.
package struct AutoConverge: GuestThrottle {
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

    package var throttle: ThrottlePercentage { controller.throttle }

    package var nextSyncTime: Duration? {
        [periodic?.nextTickTime, requestedSyncTime].compactMap(\.self).min()
    }

    package mutating func isSyncDue(at now: Duration, dirtySyncCount: Int) -> Bool {
        let isTick = periodic?.isSyncDue(at: now, dirtySyncCount: dirtySyncCount) ?? false
        guard dirtySyncCount > 1 else { return false }
        return isTick || requestedSyncTime.map { $0 <= now } ?? false
    }

    package mutating func synced(_ sync: SyncOutcome) -> [ThrottleDecision] {
        lastSyncTime = sync.time
        guard let sample = clock.sync(sync, throttle: throttle) else { return [] }
        lastSample = sample
        return controller.update(with: sample).map { [$0] } ?? []
    }

    package mutating func release(at time: Duration, reason: String) -> [ThrottleDecision] {
        controller.release(at: time, reason: reason).map { [$0] } ?? []
    }

    package mutating func adopt(_ parameters: ThrottleParameters) { controller.parameters = parameters }

    /// When to begin the first sync that the policy asked for and that no other has served: it is to end when asked.
    private var requestedSyncTime: Duration? {
        guard let sample = lastSample else { return nil }
        let end = controller.requestedSyncs.lazy.map { sample.time + $0 }.first { $0 > lastSyncTime }
        return end.map { $0 - sample.outlook.syncDuration }
    }
}
