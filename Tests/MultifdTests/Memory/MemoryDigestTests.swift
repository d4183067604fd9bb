import Multifd
import SystemPackage
import Testing

struct MemoryDigestTests {
    /// Blocks around the size of a piece, 512 pages.
    static let pageCounts = [1, 511, 1025]

    private func filled(_ make: (Int, Int) throws -> RAMBlock) throws -> GuestMemory {
        let memory = try GuestMemory(
            blocks: Self.pageCounts.enumerated().map { index, pages in try make(index, pages * Page.byteCount) })
        for (seed, (block, page)) in content.enumerated() {
            let bytes = SampleContent.random.bytes(count: Page.byteCount, seed: UInt64(seed))
            // Safe: a page is written.
            try unsafe bytes.withUnsafeBytes { buffer in
                if let start = buffer.baseAddress {
                    unsafe try memory.blocks[block].write(page..<page + 1, from: start)
                }
            }
        }
        return memory
    }

    /// Pages with something in them: at the borders of pieces, and within.
    private let content = [(0, 0), (1, 0), (1, 1), (1, 510), (2, 511), (2, 512), (2, 700), (2, 1024)]

    private func ranges(_ isExact: Bool) -> [[Range<Int>]] {
        Self.pageCounts.indices.map { block in
            isExact
                ? content.filter { $0.0 == block }.map { $0.1..<$0.1 + 1 }
                : [0..<Self.pageCounts[block]]
        }
    }

    @Test func `a file with holes has the digest of the memory that it was`() throws {
        let memory = try filled { try RAMBlock(name: "\($0)", byteCount: $1) }
        let file = try TemporaryFile()
        var offset = 0
        let image = try filled { index, byteCount in
            try file.truncate(to: offset + byteCount)
            defer { offset += byteCount }
            return try RAMBlock(
                name: "\(index)", byteCount: byteCount, backing: .sharedFile(file.descriptor), offset: offset)
        }
        let allocated = try allocatedByteCount(of: file.descriptor)
        let digests = try [
            MemoryDigest(of: memory).compute(content: ranges(false)),
            MemoryDigest(of: memory).compute(content: ranges(true)),
            MemoryDigest(of: image).compute(content: ranges(true)),
            MemoryDigest(of: image).compute(content: ranges(false)),
        ]
        #expect(Set(digests).count == 1)
        #expect(try allocatedByteCount(of: file.descriptor) == allocated, "reading filled holes")
    }

    @Test func `a changed bit anywhere changes it, and so do pages that change places`() throws {
        let memory = try filled { try RAMBlock(name: "\($0)", byteCount: $1) }
        var seen: Set<UInt64> = [try MemoryDigest(of: memory).compute(content: ranges(false))]
        for (block, page) in content {
            let first = memory.blocks[block].firstByte(ofPage: page)
            memory.blocks[block].write(first ^ 0x80, toPage: page)
            #expect(seen.insert(try MemoryDigest(of: memory).compute(content: ranges(false))).inserted)
            memory.blocks[block].write(first, toPage: page)
        }
        let pages = [511, 512].map { memory.blocks[2].firstByte(ofPage: $0) }
        memory.blocks[2].write(pages[1], toPage: 511)
        memory.blocks[2].write(pages[0], toPage: 512)
        #expect(seen.insert(try MemoryDigest(of: memory).compute(content: ranges(false))).inserted)
    }

    @Test func `an image that shrinks is an error`() throws {
        let file = try TemporaryFile()
        try file.truncate(to: 4 * Page.byteCount)
        let block = try RAMBlock(
            name: "ram", byteCount: 4 * Page.byteCount, backing: .readOnlyFile(file.descriptor))
        try file.truncate(to: Page.byteCount)
        let digest = MemoryDigest(of: try GuestMemory(blocks: [block]))
        #expect(throws: MemoryError.self) { try digest.compute(content: [[0..<4]]) }
    }
}
