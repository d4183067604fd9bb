/// A sync that is made in slices, so that channels get batches between them.
struct SlicedSync {
    /// Pages in a slice: 1 GiB, 0.2 to 4 ms of work.
    private static let pageCount = 262_144
    /// Batches to queue between two slices while the queue has room: 32 MiB, more than channels send during a slice.
    static let batchCount = 64

    private var block = 0
    private var page = 0
    /// Time spent on slices.
    var duration = Duration.zero
    /// Batches that were queued since the last slice.
    var queuedBatchCount = 0

    /// The next pages to sync, nil at the end.
    mutating func nextSlice(of memory: GuestMemory) -> (block: Int, pages: Range<Int>)? {
        while block < memory.blocks.count {
            let end = min(page + Self.pageCount, memory.blocks[block].pageCount)
            if page < end {
                defer { page = end }
                return (block, page..<end)
            }
            (block, page) = (block + 1, 0)
        }
        return nil
    }
}
