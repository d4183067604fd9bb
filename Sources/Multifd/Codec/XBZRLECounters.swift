/// What one channel counts of its deltas: the counters of `xbzrle-cache` in QEMU's `query-migrate`, and `unchanged`.
package struct XBZRLECounters: Equatable, Sendable {
    /// Pages found in the cache, unchanged ones included.
    package var pages = 0
    /// Bytes of deltas, with a full page added for each overflow.
    package var bytes = 0
    /// Pages not found in the cache, since it is in use: from the second iteration on.
    package var cacheMisses = 0
    /// Pages whose delta would not have been smaller than the page.
    package var overflows = 0
    /// Pages that were as they had been sent last, so that nothing was sent.
    package var unchanged = 0

    package init() {}

    /// Counts what a page met in the cache.
    package mutating func count(_ outcome: XBZRLECache.Outcome) {
        switch outcome {
        case .miss:
            cacheMisses += 1
            return
        case .unchanged: unchanged += 1
        case .delta(let byteCount): bytes += byteCount
        case .overflow:
            overflows += 1
            bytes += Page.byteCount
        }
        pages += 1
    }

    package static func += (total: inout XBZRLECounters, part: XBZRLECounters) {
        total.pages += part.pages
        total.bytes += part.bytes
        total.cacheMisses += part.cacheMisses
        total.overflows += part.overflows
        total.unchanged += part.unchanged
    }
}
