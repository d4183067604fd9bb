/// Turns syncs into samples: one at a sync when more than a second has passed since the last, while the syncs of shorter
/// periods accumulate. The first sync only starts the clock.
package struct SampleClock: Sendable {
    /// A period is longer than this. QEMU: `migration_bitmap_sync`'s "more than 1 second".
    static let minimumPeriod: Duration = .milliseconds(1000)

    private struct Mark {
        var time: Duration
        var bytesTransferred: Int
        var ramBytesSent: Int
    }

    private var lastSample: Mark?
    private var lastSyncTime = Duration.zero
    private var bytesDirtied = 0
    private var writes: [WriteObservation] = []

    package init() {}

    /// Takes note of a sync.
    ///
    /// - Parameter throttle: in force since the last sync.
    /// - Returns: the sample, when one is due.
    package mutating func sync(_ sync: SyncOutcome, throttle: ThrottlePercentage) -> PeriodSample? {
        let now = sync.time
        let sinceSync = now - lastSyncTime
        lastSyncTime = now
        guard let last = lastSample else {
            lastSample = Mark(time: now, bytesTransferred: sync.bytesTransferred, ramBytesSent: sync.ramBytesSent)
            return nil
        }

        bytesDirtied += sync.bytesDirtied
        writes.append(
            WriteObservation(
                duration: sinceSync, guestTime: sinceSync * throttle.guestSpeed, bytesWritten: sync.bytesWritten))
        guard now - last.time > Self.minimumPeriod else { return nil }

        defer {
            lastSample = Mark(time: now, bytesTransferred: sync.bytesTransferred, ramBytesSent: sync.ramBytesSent)
            bytesDirtied = 0
            writes.removeAll(keepingCapacity: true)
        }
        return PeriodSample(
            time: now, duration: now - last.time, bytesDirtied: bytesDirtied,
            bytesTransferred: sync.bytesTransferred - last.bytesTransferred,
            ramBytesSent: sync.ramBytesSent - last.ramBytesSent,
            writes: writes, outlook: sync.outlook)
    }
}
