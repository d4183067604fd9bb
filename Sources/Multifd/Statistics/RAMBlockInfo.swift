/// One RAMBlock of the guest.
public struct RAMBlockInfo: Codable, Hashable, Sendable {
    /// The block's name.
    public var name: String
    /// The block's size in bytes.
    public var size: Int

    /// A block by name and size in bytes.
    public init(name: String, size: Int) {
        self.name = name
        self.size = size
    }
}
