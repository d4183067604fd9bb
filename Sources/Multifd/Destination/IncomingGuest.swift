/// What a destination is told about the guest that is coming, before any page.
public struct IncomingGuest: Hashable, Sendable {
    /// The RAMBlocks, names and sizes in bytes, in the order of ``GuestMemory/blocks``. Sizes are positive multiples of
    /// ``Page/byteCount``, names are distinct.
    public var blocks: [RAMBlockInfo]
    /// See ``Guest/configuration``. Written by the peer: check it before you believe it.
    public var configuration: String

    /// What ``MigrationTarget/prepare(for:)`` is to be tried with: a destination makes its own.
    public init(blocks: [RAMBlockInfo], configuration: String) {
        self.blocks = blocks
        self.configuration = configuration
    }

    /// Bytes of RAM.
    public var byteCount: Int { blocks.reduce(0) { $0 + $1.size } }
}
