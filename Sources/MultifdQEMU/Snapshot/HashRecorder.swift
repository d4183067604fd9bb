import Multifd

/// Keeps the hashes of a guest's pages while it is received, and hands them on to a ``Recorder`` if there is one.
final class HashRecorder: PageRecorder {
    /// One for each RAMBlock.
    let hashes: [PageHashes]
    let recorder: Recorder?

    init(of blocks: [RAMBlock], recorder: Recorder?) throws(MemoryError) {
        hashes = try blocks.map { block throws(MemoryError) in try PageHashes(pageCount: block.pageCount) }
        self.recorder = recorder
    }

    func record(_ pages: Range<Int>, ofBlock block: Int, content: UnsafeRawPointer) throws(MemoryError) {
        unsafe hashes[block].set(pages, content: content)
        unsafe try recorder?.record(pages, ofBlock: block, content: content)
    }

    func recordZero(_ page: Int, ofBlock block: Int) {
        hashes[block].setZero(page)
        recorder?.recordZero(page, ofBlock: block)
    }

    func endPart(startsIteration: Bool, endsIteration: Bool) throws(MemoryError) {
        try recorder?.endPart(startsIteration: startsIteration, endsIteration: endsIteration)
    }
}
