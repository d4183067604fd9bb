/// A file of a snapshot.
public struct SnapshotFile: Codable, Hashable, Sendable {
    /// Its name in the directory.
    public var file: String
    /// Bytes.
    public var size: Int
    /// XXH3 of its content.
    public var hash: String
}
