import Multifd

/// Puts the pages that come on the main connection in their place.
@safe
final class StreamPages {
    private let target: IncomingMemory
    private let scratch: ScratchMemory

    init(_ target: IncomingMemory) throws(MemoryError) {
        self.target = target
        scratch = try ScratchMemory(byteCount: Page.byteCount)
    }

    func clear(_ page: StreamPage) throws(MigrationError) {
        do { try target.clear(page.page, ofBlock: page.block) } catch { throw .memory(error) }
    }

    /// The decoder has checked that the page lies within its block.
    func write(_ page: StreamPage, from input: StreamInput, at offset: Int) throws(MigrationError) {
        unsafe try write(page, from: input.address(offset..<offset + Page.byteCount))
    }

    /// Applies a delta to what the page holds now, which must be what the source sent last.
    func apply(_ input: StreamInput, _ range: Range<Int>, to page: StreamPage) throws(MigrationError) {
        let block = target.memory.blocks[page.block]
        guard target.isSent(page.page, ofBlock: page.block) else {
            throw .foreign(StreamError.missingBase(block: block.name, page: page.page))
        }
        do {
            unsafe try block.read(page.page..<page.page + 1, into: scratch.start)
        } catch {
            throw .memory(error)
        }
        do {
            // Safe: the range is the record's, and the page belongs to this thread.
            unsafe try XBZRLE.decode(
                RawSpan(_unsafeStart: input.address(range), byteCount: range.count), into: scratch.start)
        } catch {
            throw .foreign(error)
        }
        unsafe try write(page, from: scratch.start)
    }

    private func write(_ page: StreamPage, from start: UnsafeRawPointer) throws(MigrationError) {
        do {
            unsafe try target.write(page.page..<page.page + 1, ofBlock: page.block, from: start)
        } catch {
            throw .memory(error)
        }
        target.setReceived(page.page, ofBlock: page.block)
    }
}
