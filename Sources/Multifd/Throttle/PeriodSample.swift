/// What a throttle policy looks at: the time between two samples, and where the migration stands at its end.
package struct PeriodSample: Hashable, Sendable, Codable {
    /// The end of the period, since the migration started.
    @Milliseconds package var time: Duration
    /// The length of the period.
    @Milliseconds package var duration: Duration
    /// Pages newly found dirty in the period, in bytes.
    package var bytesDirtied: Int
    /// Bytes put on the wire in the period: all channels and the main channel, after compression.
    package var bytesTransferred: Int
    /// Bytes of the pages that were sent in the period, before compression.
    package var ramBytesSent: Int
    /// The period's syncs, oldest first.
    package var writes: [WriteObservation]
    /// Where the migration stands at the end of the period.
    package var outlook: MigrationOutlook

    package init(
        time: Duration, duration: Duration, bytesDirtied: Int, bytesTransferred: Int, ramBytesSent: Int = 0,
        writes: [WriteObservation] = [],
        outlook: MigrationOutlook = MigrationOutlook(remainingByteCount: 0)
    ) {
        self.time = time
        self.duration = duration
        self.bytesDirtied = bytesDirtied
        self.bytesTransferred = bytesTransferred
        self.ramBytesSent = ramBytesSent
        self.writes = writes
        self.outlook = outlook
    }

    /// Pages dirtied a second, rounded down (QEMU: `dirty-pages-rate`).
    package var dirtyPagesRate: Int {
        let milliseconds = duration.wholeMilliseconds
        return milliseconds > 0 ? bytesDirtied / Page.byteCount * 1000 / milliseconds : 0
    }

    /// Whether more than `threshold` % of the bytes transferred was dirtied.
    package func isHigh(threshold: Int) -> Bool {
        bytesDirtied > bytesTransferred * threshold / 100
    }

    /// Whether it can be of a migration: no policy's arithmetic goes beyond an Int then.
    var isPlausible: Bool {
        let counts =
            [bytesDirtied, bytesTransferred, ramBytesSent, outlook.remainingByteCount] + writes.map(\.bytesWritten)
        let times = [time, outlook.syncDuration, outlook.switchoverOverhead, outlook.downtimeLimit]
        return duration > .zero && times.allSatisfy { $0 >= .zero }
            && counts.allSatisfy(Self.plausibleByteCounts.contains)
            && writes.allSatisfy { $0.guestTime >= .zero && $0.guestTime <= $0.duration }
            && outlook.affordableByteCount ?? 0 >= 0
            // The length of a plan is divided by it.
            && outlook.ramBytesPerSecond.map { $0 >= 1 && $0.isFinite } ?? true
    }

    /// 64 PiB are more than any migration moves between two samples.
    private static let plausibleByteCounts = 0...(1 << 56)

    private enum CodingKeys: String, CodingKey {
        case time, duration
        case bytesDirtied = "bytes-dirtied"
        case bytesTransferred = "bytes-transferred"
        case ramBytesSent = "ram-bytes-sent"
        case writes, outlook
    }
}
