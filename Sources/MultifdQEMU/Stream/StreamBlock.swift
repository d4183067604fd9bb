/// A RAMBlock as the source announces it.
package struct StreamBlock: Hashable, Sendable {
    package var name: String
    package var byteCount: Int
    /// Guest-physical address, only with `x-ignore-shared`.
    package var address: UInt64?

    package init(name: String, byteCount: Int, address: UInt64? = nil) {
        self.name = name
        self.byteCount = byteCount
        self.address = address
    }
}
