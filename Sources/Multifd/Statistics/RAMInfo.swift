/// What became of the guest's RAM: the `ram` of QEMU's `query-migrate`.
public struct RAMInfo: Codable, Hashable, Sendable {
    /// Bytes sent so far, over all channels and the main channel.
    public var transferred = 0
    /// Bytes of RAM still to be sent.
    public var remaining = 0
    /// Bytes of RAM.
    public var total = 0
    /// Zero pages sent, as a mark without content.
    public var duplicate = 0
    /// Pages sent with content.
    public var normal = 0
    /// Bytes in the normal pages, before any codec.
    public var normalBytes = 0
    /// Pages a second that the guest dirtied in the last period.
    public var dirtyPagesRate = 0
    /// Megabits (1,000,000 bits) a second that were sent in the last period; at the end, over the whole migration.
    public var mbps = 0.0
    /// Syncs of the dirty log.
    public var dirtySyncCount = 0
    /// Iterations begun. Ours.
    public var iterationCount = 0
    /// Bytes in a page.
    public var pageSize = Page.byteCount
    /// Bytes sent over the channels, packet headers included.
    public var multifdBytes = 0
    /// Pages a second that were dealt with in the last period: sent, or found to be zero.
    public var pagesPerSecond = 0
    /// Bytes sent while the guest ran.
    public var precopyBytes = 0
    /// Bytes sent while the guest was paused.
    public var downtimeBytes = 0
    /// QEMU: syncs before which zero-copy sends had not gone out. Always 0: no page is sent without a copy.
    public var dirtySyncMissedZeroCopy = 0

    /// Nothing counted.
    public init() {}

    private enum CodingKeys: String, CodingKey {
        case transferred
        case remaining
        case total
        case duplicate
        case normal
        case normalBytes = "normal-bytes"
        case dirtyPagesRate = "dirty-pages-rate"
        case mbps
        case dirtySyncCount = "dirty-sync-count"
        case iterationCount = "iteration-count"
        case pageSize = "page-size"
        case multifdBytes = "multifd-bytes"
        case pagesPerSecond = "pages-per-second"
        case precopyBytes = "precopy-bytes"
        case downtimeBytes = "downtime-bytes"
        case dirtySyncMissedZeroCopy = "dirty-sync-missed-zero-copy"
    }
}
