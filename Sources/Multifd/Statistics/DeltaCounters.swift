/// The ``XBZRLECounters`` of one channel, for whoever reports.
final class DeltaCounters: Sendable {
    private let pages = Counter()
    private let bytes = Counter()
    private let cacheMisses = Counter()
    private let overflows = Counter()
    private let unchanged = Counter()

    init() {}

    /// Called by the channel's thread, once a batch.
    func set(_ counters: XBZRLECounters) {
        pages.set(counters.pages)
        bytes.set(counters.bytes)
        cacheMisses.set(counters.cacheMisses)
        overflows.set(counters.overflows)
        unchanged.set(counters.unchanged)
    }

    var value: XBZRLECounters {
        var counters = XBZRLECounters()
        counters.pages = pages.value
        counters.bytes = bytes.value
        counters.cacheMisses = cacheMisses.value
        counters.overflows = overflows.value
        counters.unchanged = unchanged.value
        return counters
    }
}
