/// What deltas and the cache they are made against did: the `xbzrle-cache` of QEMU's `query-migrate`.
public struct XBZRLECacheInfo: Codable, Hashable, Sendable {
    /// Bytes of page content that the cache holds at most.
    public var cacheSize = 0
    /// Bytes of deltas sent, with a full page added for each overflow.
    public var bytes = 0
    /// Pages found in the cache, unchanged ones included.
    public var pages = 0
    /// Pages not found in the cache.
    public var cacheMiss = 0
    /// Misses per page in the last period, 0...1.
    public var cacheMissRate = 0.0
    /// Unencoded bytes per encoded byte in the last period.
    public var encodingRate = 0.0
    /// Pages whose delta would not have been smaller than the page.
    public var overflow = 0
    /// Pages that were as they had been sent last, so that nothing was sent. Ours.
    public var unchanged = 0

    /// Nothing counted.
    public init() {}

    private enum CodingKeys: String, CodingKey {
        case cacheSize = "cache-size"
        case bytes
        case pages
        case cacheMiss = "cache-miss"
        case cacheMissRate = "cache-miss-rate"
        case encodingRate = "encoding-rate"
        case overflow
        case unchanged
    }
}
