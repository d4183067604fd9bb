/// The pages that are still to be sent, for all RAMBlocks of a guest. Used by one thread at a time.
public struct MigrationBitmap: ~Copyable, @unchecked Sendable {
    // Sendable although its boxes are not: it is noncopyable, and nobody else holds them.

    /// What ``mark(_:inBlock:)`` was told since ``takeMarks()``.
    package private(set) var marks = Marks()
    private var blocks: [Bits]

    /// A box, because an array cannot hold a noncopyable bitmap.
    private final class Bits {
        var pages: PageBitmap
        init(pageCount: Int) { pages = PageBitmap(pageCount: pageCount) }
    }

    /// A bitmap without marks, to try a dirty log with: a migration makes its own.
    public init(of memory: GuestMemory) {
        blocks = memory.blocks.map { Bits(pageCount: $0.pageCount) }
    }

    /// Pages that are still to be sent.
    public var population: Int { blocks.reduce(0) { $0 + $1.pages.population } }

    /// Marks a range of pages as to be sent. A dirty log calls this for what it found written.
    ///
    /// - Parameters:
    ///   - pages: page numbers within the block; trapped when outside it.
    ///   - block: the block's index in ``GuestMemory/blocks``.
    public mutating func mark(_ pages: Range<Int>, inBlock block: Int) {
        marks.written += pages.count
        marks.dirtied += blocks[block].pages.insert(pages)
    }

    package mutating func removeAll() {
        for block in blocks { block.pages.removeAll() }
    }

    /// Whether a page is still to be sent.
    ///
    /// - Parameters:
    ///   - page: its number within the block; trapped when outside it.
    ///   - block: the block's index in ``GuestMemory/blocks``.
    public func contains(page: Int, inBlock block: Int) -> Bool { blocks[block].pages[page] }

    /// What was marked since this was last called.
    package mutating func takeMarks() -> Marks {
        defer { marks = Marks() }
        return marks
    }

    /// Counts of pages.
    package struct Marks: Hashable, Sendable {
        /// All that were found written.
        package var written = 0
        /// Those of them that were not marked already: the field's "dirtied in the period".
        package var dirtied = 0

        package init() {}
    }

    /// Marks all that is marked in `other`, which belongs to the same memory.
    package mutating func formUnion(_ other: borrowing MigrationBitmap) {
        for (mine, theirs) in zip(blocks, other.blocks) { mine.pages.formUnion(theirs.pages) }
    }

    /// See ``PageBitmap/takePages(from:into:)``.
    package mutating func takePages(
        ofBlock block: Int, from page: Int, into pages: inout BatchPages
    ) -> (count: Int, next: Int?) {
        blocks[block].pages.takePages(from: page, into: &pages)
    }

    /// Calls `body` with each marked page and its block.
    func forEachPage(_ body: (_ page: Int, _ block: Int) -> Void) {
        for block in blocks.indices {
            blocks[block].pages.forEachRun { run in for page in run { body(page, block) } }
        }
    }

    package func forEachRun(inBlock block: Int, _ body: (Range<Int>) -> Void) {
        blocks[block].pages.forEachRun(body)
    }
}
