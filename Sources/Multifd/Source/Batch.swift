/// Up to 128 pages of one RAMBlock that a channel sends as one packet; or the end of an iteration.
struct Batch: Sendable {
    enum Kind: Sendable {
        /// Send these pages.
        case pages
        /// Send a SYNC packet, then wait until the barrier is passed: a channel takes one of these a barrier.
        case barrier(UInt32)
    }

    var kind = Kind.pages
    /// The RAMBlock's index in ``GuestMemory/blocks``.
    var block = 0
    var pageCount = 0
    /// Whether no page of it has been sent before. What the destination has for it is zero then.
    var isFirst = false
    /// Whether the channel looks for zero pages.
    var detectsZeroPages = false
    /// How many of the pages, the last ones, the coordinator has found to be zero.
    var zeroPageCount = 0
    /// The first ``pageCount`` of these are the batch.
    var pages = BatchPages(repeating: 0)

    init() {}

    /// Calls `body` with each run of adjacent pages.
    func forEachRun(_ body: (Range<Int>) -> Void) {
        pages.forEachRun(in: 0..<pageCount, body)
    }

    /// Finds the zero pages, for `zero-page-detection=legacy`, and moves them behind the others.
    ///
    /// - Throws: ``MemoryError`` when the block is a file that cannot be read.
    mutating func moveZeroPagesBack(of block: RAMBlock) throws(MemoryError) {
        var zeroPages = BatchPages(repeating: 0)
        var normalCount = 0
        zeroPageCount = 0
        for index in 0..<pageCount {
            let page = pages[index]
            // A guest that writes to the page meanwhile has it sent again: its dirty bit was cleared before.
            if try block.isZero(page: Int(page)) {
                zeroPages[zeroPageCount] = page
                zeroPageCount += 1
            } else {
                pages[normalCount] = page
                normalCount += 1
            }
        }
        for index in 0..<zeroPageCount { pages[normalCount + index] = zeroPages[index] }
    }
}
