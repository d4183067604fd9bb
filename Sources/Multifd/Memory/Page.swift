/// The unit of migration: 4 KiB of guest memory.
///
/// Both ends name their page size in the negotiation and refuse to migrate when it differs.
public enum Page {
    /// Bytes in a page.
    public static let byteCount = 4096
    /// `log2(byteCount)`: an address shifted right by it is a page number.
    package static let shift = 12

    /// A number of bytes, rounded up to whole pages.
    package static func roundedUp(_ count: Int) -> Int { (count + byteCount - 1) & ~(byteCount - 1) }
}
