/// What one channel counts of its deltas: the counters of `xbzrle-cache` in QEMU's `query-migrate`, and `unchanged`.
package struct XBZRLECounters: Equatable, Sendable {
    /// Pages found in the cache, unchanged ones included.
    package var pages = 0
    /// Bytes of deltas, with a full page added for each overflow.
    package var bytes = 0
    /// Pages not found in the cache.
    package var cacheMisses = 0
    /// Pages whose delta would not have been smaller than the page.
    package var overflows = 0
    /// Pages that were as they had been sent last, so that nothing was sent.
    package var unchanged = 0

    package init() {}

    package static func += (total: inout XBZRLECounters, part: XBZRLECounters) {
        total.pages += part.pages
        total.bytes += part.bytes
        total.cacheMisses += part.cacheMisses
        total.overflows += part.overflows
        total.unchanged += part.unchanged
    }
}
