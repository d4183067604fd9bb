/// Finds the pages of a batch that need not go in full, and gathers their deltas. Owned by one channel's thread.
///
/// The deltas of a packet are, one after the other, a be16 length and as many bytes of ``XBZRLE``.
@safe
final class DeltaEncoder {
    /// What this channel's pages met in the cache so far.
    private(set) var counters = XBZRLECounters()
    /// Bytes gathered for the packet.
    private(set) var byteCount = 0

    private let cache: XBZRLECache
    private let deltas: ScratchMemory
    private var fillRule: CacheFillRule

    /// - Parameters:
    ///   - channelCount: channels that share the link.
    ///   - limit: bytes per second that they may send, 0 for no limit.
    init(cache: XBZRLECache, channelCount: Int, limit: Int) throws(MemoryError) {
        self.cache = cache
        fillRule = CacheFillRule(channelCount: channelCount, limit: limit)
        // A delta takes at most a page, and the encoder wants room for a page when it tries.
        deltas = try ScratchMemory(byteCount: (Page.countPerBatch + 1) * Page.byteCount)
    }

    /// Whether pages are to be looked for and remembered.
    private var isInUse: Bool { cache.isInUse || fillRule.isMet && cache.isWorthFilling }

    func beginPacket() { byteCount = 0 }

    /// Learns how long the pages of a packet took to be sent.
    ///
    /// - Parameter limit: bytes per second that may be sent, 0 for no limit.
    func record(pageCount: Int, sending: Duration, limit: Int) {
        fillRule.record(pageCount: pageCount, sending: sending, limit: limit)
    }

    /// Decides what to send of a page that is not zero, and gathers its delta if there is one.
    ///
    /// - Parameter content: the page's copy in the staging buffer.
    @unsafe
    func encode(page: Int, ofBlock block: Int, content: UnsafeRawPointer) -> XBZRLECache.Outcome {
        guard isInUse else {
            // It may have been zero at the destination until now.
            cache.forget(page: page, inBlock: block)
            return .miss
        }
        let start = unsafe deltas.start + byteCount
        // Within the buffer: so far each page took less than its size.
        let buffer = unsafe UnsafeMutableRawBufferPointer(start: start, count: 2 + Page.byteCount)
        var output = unsafe OutputRawSpan(buffer: buffer, initializedCount: 0)
        output.appendZeros(2)
        let outcome = unsafe cache.delta(
            ofPage: page, inBlock: block, content: content, into: &output, counting: &counters)
        let end = unsafe output.finalize(for: buffer)
        if case .delta(let length) = outcome {
            unsafe start.storeBytes(of: UInt16(length).bigEndian, as: UInt16.self)
            byteCount += end
        }
        return outcome
    }

    /// A page is sent as a zero page, or left out as one that the destination has.
    func rememberZero(page: Int, ofBlock block: Int) { cache.rememberZero(page: page, inBlock: block) }

    /// Copies what was gathered.
    ///
    /// - Parameter destination: has room for ``byteCount``.
    @unsafe
    func copyDeltas(to destination: UnsafeMutableRawPointer) {
        unsafe destination.copyMemory(from: deltas.start, byteCount: byteCount)
    }
}
