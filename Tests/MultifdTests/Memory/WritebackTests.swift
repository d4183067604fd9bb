import Foundation
import Multifd
import Testing

@Suite struct WritebackTests {
    @Test func `it leaves memory that is no file alone, changes no file, and keeps nothing when it ends`() throws {
        let file = try TemporaryFile()
        let content = SampleContent.random.bytes(count: 16 * Page.byteCount, seed: 1)
        try file.truncate(to: content.count)
        var blocks = [
            try RAMBlock(name: "file", byteCount: content.count, backing: .sharedFile(file.descriptor)),
            try RAMBlock(name: "memory", byteCount: content.count),
        ]
        weak let block = blocks[0]
        var writeback = Writeback(of: blocks)
        #expect(writeback != nil)
        // Safe: `content` has all pages.
        try unsafe content.withUnsafeBytes { unsafe try blocks[0].write(0..<16, from: #require($0.baseAddress)) }
        // Longer than it waits.
        Patience.sleep(for: .milliseconds(500))
        blocks = []
        #expect(block != nil)
        writeback = nil
        #expect(block == nil)
        #expect(try Array(Data(contentsOf: URL(filePath: file.path))) == content)
    }
}
