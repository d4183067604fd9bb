/// What deltas did in the last iteration.
struct DeltaRates {
    /// Misses per page that was dealt with, 0...1.
    private(set) var cacheMissRate = 0.0
    /// Unencoded bytes per encoded byte; 0 when nothing was encoded.
    private(set) var encodingRate = 0.0

    /// Takes what was counted up to the beginning and the end of an iteration.
    mutating func measure(from start: TransferCounts, to end: TransferCounts) {
        let pages = end.pages - start.pages
        let misses = end.deltas.cacheMisses - start.deltas.cacheMisses
        cacheMissRate = pages > 0 ? Double(misses) / Double(pages) : 0
        let unencoded = (end.deltas.pages - start.deltas.pages) << Page.shift
        let encoded = end.deltas.bytes - start.deltas.bytes
        encodingRate = encoded > 0 ? Double(unencoded) / Double(encoded) : 0
    }

    /// The report on the cache.
    func info(_ counters: XBZRLECounters, cacheByteCount: Int) -> XBZRLECacheInfo {
        var info = XBZRLECacheInfo()
        info.cacheSize = cacheByteCount
        info.bytes = counters.bytes
        info.pages = counters.pages
        info.cacheMiss = counters.cacheMisses
        info.cacheMissRate = cacheMissRate
        info.encodingRate = encodingRate
        info.overflow = counters.overflows
        info.unchanged = counters.unchanged
        return info
    }
}
