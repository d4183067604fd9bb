/// The memory that a guest is received into, and which of its pages have been received.
final class IncomingMemory: Sendable {
    let memory: GuestMemory
    let names: [BlockName]
    /// Kept when the source asks for memory to be verified.
    let digest: IncrementalDigest?
    private let received: [Flags]

    /// A box, because an array cannot hold noncopyable flags.
    private final class Flags: Sendable {
        let pages: PageFlags
        init(pageCount: Int) throws(MemoryError) { pages = try PageFlags(pageCount: pageCount) }
    }

    /// - Parameters:
    ///   - names: what packets call the blocks; a target may have names of its own for them.
    ///   - isVerified: whether to keep a digest.
    init(_ memory: GuestMemory, names: [String], isVerified: Bool) throws(MemoryError) {
        digest = isVerified ? try IncrementalDigest(of: memory) : nil
        self.memory = memory
        self.names = names.map { BlockName($0) }
        received = try memory.blocks.map { block throws(MemoryError) in try Flags(pageCount: block.pageCount) }
    }

    func isReceived(_ page: Int, ofBlock block: Int) -> Bool { received[block].pages[page] }
    func setReceived(_ page: Int, ofBlock block: Int) { received[block].pages.set(page) }

    /// Per RAMBlock, the pages that were received with content: the others are zero.
    var content: [[Range<Int>]] { received.map { $0.pages.runs } }
}
