/// A RAMBlock of a snapshot.
public struct SnapshotBlock: Codable, Hashable, Sendable {
    /// The name under which the source knows it.
    public var name: String
    /// Bytes.
    public var size: Int
    /// The file with its content.
    public var file: String
    /// The hash of its pages: each page's XXH3 XOR that of a page of zeros, and of these, eight bytes each with the lowest
    /// first, the XXH3 again.
    public var hash: String
    /// Pages that are not zero.
    public var normal: Int
    /// Pages that are zero, or were never sent.
    public var duplicate: Int
    /// Runs of pages that the source never sent, as pairs of first page and count: memory that is not plugged in, or that
    /// the guest has given back. They count as zero, and are not sent to a destination either.
    public var neverSent: [[Int]]
    /// Guest-physical address; only from a source with the capability `x-ignore-shared`.
    public var address: UInt64?

    private enum CodingKeys: String, CodingKey {
        case name
        case size
        case file
        case hash
        case normal
        case duplicate
        case neverSent = "never-sent"
        case address
    }

    /// Pages that were never sent.
    public var neverSentCount: Int { neverSent.reduce(0) { $0 + ($1.last ?? 0) } }
}
