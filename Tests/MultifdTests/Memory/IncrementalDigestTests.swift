import Multifd
import Testing

@Suite struct IncrementalDigestTests {
    @Test func `after touching what changed it equals a digest made from scratch`() throws {
        // Three pieces of 256 KiB in the first block, the last of them cut short, and one in the second.
        let memory = try GuestMemory(blocks: [
            RAMBlock(name: "a", byteCount: 640 << 10), RAMBlock(name: "b", byteCount: 128 << 10),
        ])
        let content = memory.blocks.map { [0..<$0.pageCount] }
        let digest = try IncrementalDigest(of: memory)
        try digest.update(content: content)
        #expect(digest.value == (try MemoryDigest(of: memory).compute(content: content)))

        for (block, page) in [(0, 0), (0, 63), (0, 64), (0, 159), (1, 31)] {
            let before = digest.value
            unsafe memory.blocks[block].address(ofPage: page).storeBytes(of: 1, as: UInt8.self)
            try digest.update(content: content)
            #expect(digest.value == before, "a page that nobody touched is not read again")
            digest.touch(page, ofBlock: block)
            try digest.update(content: content)
            #expect(digest.value != before)
            #expect(digest.value == (try MemoryDigest(of: memory).compute(content: content)))
        }
    }
}
