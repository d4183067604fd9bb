import Testing

@testable import Multifd

@Suite struct DeltaEncoderTests {
    @Test func `a page that the cache was not told of is no longer known as zero`() throws {
        let memory = try GuestMemory(blocks: [RAMBlock(name: "ram", byteCount: 4 * Page.byteCount)])
        let cache = try XBZRLECache(of: memory, byteCount: 4 * Page.byteCount)
        for page in 0..<2 { cache.rememberZero(page: page, inBlock: 0) }
        // Nothing says that the link leaves time to fill the cache.
        let encoder = try DeltaEncoder(cache: cache, channelCount: 1, limit: 0)
        memory.blocks[0].write(1, toPage: 0)
        let content = unsafe memory.blocks[0].address(ofPage: 0)
        cache.beginIteration(1)
        unsafe #expect(encoder.encode(page: 0, ofBlock: 0, content: content) == .miss)
        cache.beginIteration(2)
        unsafe #expect(encoder.encode(page: 0, ofBlock: 0, content: content) == .miss)
        unsafe #expect(encoder.encode(page: 1, ofBlock: 0, content: content) == .delta(byteCount: 3))
        #expect(encoder.counters.cacheMisses == 1)
    }
}
