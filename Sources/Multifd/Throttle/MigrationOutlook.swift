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

    package init(
        remainingByteCount: Int, ramBytesPerSecond: Double? = nil, affordableByteCount: Int? = nil,
        syncDuration: Duration = .zero
    ) {
        self.remainingByteCount = remainingByteCount
        self.ramBytesPerSecond = ramBytesPerSecond
        self.affordableByteCount = affordableByteCount
        self.syncDuration = syncDuration
    }

    private enum CodingKeys: String, CodingKey {
        case remainingByteCount = "remaining"
        case ramBytesPerSecond = "ram-bytes-per-second"
        case affordableByteCount = "affordable"
        case syncDuration = "sync-duration"
    }
}
