/// All of a guest's RAM: its RAMBlocks, in the order in which both ends number them.
public struct GuestMemory: Sendable {
    /// The blocks. A page is named by a block's index here and a page number in that block.
    public let blocks: [RAMBlock]

    /// - Throws: ``MemoryError`` when there is no block, or two have one name.
    public init(blocks: [RAMBlock]) throws(MemoryError) {
        guard !blocks.isEmpty else { throw .noBlocks }
        var names = Set<String>()
        for block in blocks where !names.insert(block.name).inserted { throw .duplicateBlockName(block.name) }
        self.blocks = blocks
    }

    /// Bytes in all blocks.
    public var byteCount: Int { blocks.reduce(0) { $0 + $1.byteCount } }
    /// Pages in all blocks.
    public var pageCount: Int { byteCount >> Page.shift }
}
