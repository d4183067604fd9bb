import Multifd
import Testing

struct MigrationBitmapTests {
    private let memory: GuestMemory

    init() throws {
        memory = try GuestMemory(
            blocks: [3, 130, 64].enumerated().map { index, pages in
                try RAMBlock(name: "block\(index)", byteCount: pages * Page.byteCount)
            })
    }

    @Test func `blocks are counted together and kept apart`() {
        var bitmap = MigrationBitmap(of: memory)
        bitmap.mark(0..<3, inBlock: 0)
        bitmap.mark(100..<130, inBlock: 1)
        bitmap.mark(110..<120, inBlock: 1)
        bitmap.mark(63..<64, inBlock: 2)
        #expect(bitmap.population == 34)
        let marked = (0..<3).map { block in
            (0..<memory.blocks[block].pageCount).filter { bitmap.contains(page: $0, inBlock: block) }
        }
        #expect(marked == [[0, 1, 2], Array(100..<130), [63]])
        bitmap.removeAll()
        #expect(bitmap.population == 0)
    }

    /// What a report calls dirtied: a page that was waiting already is not dirtied again.
    @Test func `only pages that were not marked count as dirtied, all as written`() {
        var bitmap = MigrationBitmap(of: memory)
        bitmap.mark(0..<10, inBlock: 1)
        bitmap.mark(5..<20, inBlock: 1)
        bitmap.mark(0..<1, inBlock: 0)
        let marks = bitmap.takeMarks()
        #expect(marks.written == 26 && marks.dirtied == 21)
        #expect(bitmap.takeMarks() == MigrationBitmap.Marks())
        bitmap.mark(0..<21, inBlock: 1)
        #expect(bitmap.takeMarks().dirtied == 1)
    }

    /// Pages that a lost channel gives back were not dirtied.
    @Test func `a union marks, and counts nothing as newly marked`() {
        var bitmap = MigrationBitmap(of: memory)
        var other = MigrationBitmap(of: memory)
        bitmap.mark(0..<2, inBlock: 0)
        other.mark(1..<3, inBlock: 0)
        other.mark(64..<70, inBlock: 1)
        _ = bitmap.takeMarks()
        bitmap.formUnion(other)
        #expect(bitmap.population == 9)
        #expect(bitmap.takeMarks().dirtied == 0)
        #expect(other.population == 8)
    }
}
