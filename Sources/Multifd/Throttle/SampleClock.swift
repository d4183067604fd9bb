/// Turns syncs into samples: one at a sync when more than a second has passed since the last, while the syncs of shorter
/// periods accumulate. The first sync only starts the clock.
package struct SampleClock: Sendable {
    /// A period is longer than this. QEMU: `migration_bitmap_sync`'s "more than 1 second".
    package static let minimumPeriod: Duration = .milliseconds(1000)

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
    /// - Parameters:
    ///   - now: since the migration started.
    ///   - bytesDirtied: pages that this sync marked and that were not marked already, in bytes.
    ///   - bytesWritten: all pages that this sync found written, in bytes.
    ///   - bytesTransferred: on the wire, since the migration started.
    ///   - ramBytesSent: what those were of RAM, since the migration started.
    ///   - throttle: in force since the last sync.
    ///   - outlook: after this sync.
    /// - Returns: the sample, when one is due.
    package mutating func sync(
        at now: Duration, bytesDirtied newlyDirtied: Int, bytesWritten: Int, bytesTransferred: Int,
        ramBytesSent: Int, throttle: ThrottlePercentage, outlook: MigrationOutlook
    ) -> PeriodSample? {
        let sinceSync = now - lastSyncTime
        lastSyncTime = now
        guard let last = lastSample else {
            lastSample = Mark(time: now, bytesTransferred: bytesTransferred, ramBytesSent: ramBytesSent)
            return nil
        }

        bytesDirtied += newlyDirtied
        writes.append(
            WriteObservation(
                duration: sinceSync, guestTime: sinceSync * throttle.guestSpeed, bytesWritten: bytesWritten))
        guard now - last.time > Self.minimumPeriod else { return nil }

        defer {
            lastSample = Mark(time: now, bytesTransferred: bytesTransferred, ramBytesSent: ramBytesSent)
            bytesDirtied = 0
            writes.removeAll(keepingCapacity: true)
        }
        return PeriodSample(
            time: now, duration: now - last.time, bytesDirtied: bytesDirtied,
            bytesTransferred: bytesTransferred - last.bytesTransferred, ramBytesSent: ramBytesSent - last.ramBytesSent,
            writes: writes, outlook: outlook)
    }
}
