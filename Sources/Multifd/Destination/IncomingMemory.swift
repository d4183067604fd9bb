/// The memory that a guest is received into, and which of its pages have been received.
package final class IncomingMemory: Sendable {
    package let memory: GuestMemory
    let names: [BlockName]
    /// Kept when the target wants to know what came when.
    package let recorder: (any PageRecorder)?
    /// Kept when the source asks for memory to be verified.
    let digest: IncrementalDigest?
    private let received: [Flags]
    /// The pages that a packet or record said are zero. Kept only where a page that never came is to be told from them.
    private let zero: [Flags]

    /// A box, because an array cannot hold noncopyable flags.
    private final class Flags: Sendable {
        let pages: PageFlags
        init(pageCount: Int) throws(MemoryError) { pages = try PageFlags(pageCount: pageCount) }
    }

    /// - Parameters:
    ///   - names: what packets call the blocks; a target may have names of its own for them.
    ///   - isVerified: whether to keep a digest.
    ///   - keepsZeroPages: whether ``neverSent`` will be asked for.
    ///   - recorder: sees all pages.
    package init(
        _ memory: GuestMemory, names: [String], isVerified: Bool = false, keepsZeroPages: Bool = false,
        recorder: (any PageRecorder)? = nil
    ) throws(MemoryError) {
        self.recorder = recorder
        digest = isVerified ? try IncrementalDigest(of: memory) : nil
        self.memory = memory
        self.names = names.map { BlockName($0) }
        received = try memory.blocks.map { block throws(MemoryError) in try Flags(pageCount: block.pageCount) }
        zero = try (keepsZeroPages ? memory.blocks : []).map { block throws(MemoryError) in
            try Flags(pageCount: block.pageCount)
        }
    }

    package func isReceived(_ page: Int, ofBlock block: Int) -> Bool { received[block].pages[page] }
    package func setReceived(_ page: Int, ofBlock block: Int) { received[block].pages.set(page) }

    /// Whether the source has said what the page holds, in whatever way.
    package func isSent(_ page: Int, ofBlock block: Int) -> Bool {
        isReceived(page, ofBlock: block) || !zero.isEmpty && zero[block].pages[page]
    }

    /// Writes whole pages of one block from a buffer.
    @unsafe
    package func write(
        _ pages: Range<Int>, ofBlock block: Int, from buffer: UnsafeRawPointer
    ) throws(MemoryError) {
        unsafe try memory.blocks[block].write(pages, from: buffer)
        unsafe try recorder?.record(pages, ofBlock: block, content: buffer)
    }

    /// Makes a page zero. One that was never received is zero already, and is left untouched: it costs no memory.
    package func clear(_ page: Int, ofBlock block: Int) throws(MemoryError) {
        if !zero.isEmpty { zero[block].pages.set(page) }
        if isReceived(page, ofBlock: block) { try memory.blocks[block].clear(page..<page + 1) }
        recorder?.recordZero(page, ofBlock: block)
    }

    /// Per RAMBlock, the pages that were received with content or as deltas: the others are zero.
    package var content: [[Range<Int>]] { received.map { $0.pages.runs } }

    /// Per RAMBlock, the pages that never came, neither with content nor as zero.
    package var neverSent: [[Range<Int>]] {
        zip(received, zero).map { received, zero in
            received.pages.runs(where: { !received.pages[$0] && !zero.pages[$0] })
        }
    }
}
