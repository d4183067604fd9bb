/// Where a migration stands right after a sync, as far as a throttle has to know.
package struct MigrationOutlook: Hashable, Sendable, Codable {
    /// Bytes of pages that are to be sent.
    package var remainingByteCount: Int
    /// Bytes of RAM a second as lately achieved, nil while unknown.
    package var ramBytesPerSecond: Double?
    /// Bytes of RAM that fit into the downtime limit, nil while unknown.
    package var affordableByteCount: Int?
    /// How long a sync takes.
    @Milliseconds package var syncDuration: Duration
    /// What the switchover takes without a page.
    @Milliseconds package var switchoverOverhead: Duration
    /// `downtime-limit`.
    @Milliseconds package var downtimeLimit: Duration

    package init(
        remainingByteCount: Int, ramBytesPerSecond: Double? = nil, affordableByteCount: Int? = nil,
        syncDuration: Duration = .zero, switchoverOverhead: Duration = .zero, downtimeLimit: Duration = .zero
    ) {
        self.remainingByteCount = remainingByteCount
        self.ramBytesPerSecond = ramBytesPerSecond
        self.affordableByteCount = affordableByteCount
        self.syncDuration = syncDuration
        self.switchoverOverhead = switchoverOverhead
        self.downtimeLimit = downtimeLimit
    }

    /// Whether the switchover alone takes longer than is allowed: no throttle changes that.
    var isDowntimeLimitTooLow: Bool { switchoverOverhead > downtimeLimit }

    private enum CodingKeys: String, CodingKey {
        case remainingByteCount = "remaining"
        case ramBytesPerSecond = "ram-bytes-per-second"
        case affordableByteCount = "affordable"
        case syncDuration = "sync-duration"
        case switchoverOverhead = "switchover-overhead"
        case downtimeLimit = "downtime-limit"
    }
}
