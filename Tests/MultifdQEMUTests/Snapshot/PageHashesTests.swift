import Multifd
import Testing

@testable import MultifdQEMU

@Suite struct PageHashesTests {
    private let content = (0..<3).map { seed in (0..<Page.byteCount).map { UInt8(truncatingIfNeeded: $0 * 7 + seed) } }

    private func set(_ page: Int, _ bytes: [UInt8], in hashes: PageHashes) throws {
        try unsafe bytes.withUnsafeBytes { bytes in
            unsafe hashes.set(page..<page + 1, content: try #require(bytes.baseAddress))
        }
    }

    @Test func `a block's hash is what its definition says`() throws {
        let hashes = try PageHashes(pageCount: 4)
        try set(1, content[0], in: hashes)
        try set(3, content[1], in: hashes)
        func xxh3(_ bytes: [UInt8]) -> UInt64 { unsafe Checksum.of(bytes.span.bytes) }
        let zero = xxh3([UInt8](repeating: 0, count: Page.byteCount))
        let words = [0, xxh3(content[0]) ^ zero, 0, xxh3(content[1]) ^ zero]
        let bytes = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        #expect(hashes.value == xxh3(bytes).hexadecimal)
        #expect(hashes.contentPageCount == 2)
    }

    @Test func `only what the pages hold in the end counts`() throws {
        let (once, often) = (try PageHashes(pageCount: 3), try PageHashes(pageCount: 3))
        try set(0, content[0], in: once)
        try set(2, content[2], in: once)
        try set(2, content[1], in: often)
        try set(1, content[1], in: often)
        try set(2, content[2], in: often)
        try set(0, content[0], in: often)
        #expect(once.value != often.value)
        often.setZero(1)
        #expect(once.value == often.value)
        try set(1, [UInt8](repeating: 0, count: Page.byteCount), in: once)
        #expect(once.value == often.value)
        #expect(once.contentPageCount == 2)
        try set(0, content[2], in: once)
        try set(2, content[0], in: once)
        #expect(once.value != often.value, "pages have changed places")
    }
}
