/// A file of a snapshot.
public struct SnapshotFile: Codable, Hashable, Sendable {
    /// Its name in the directory.
    public var file: String
    /// Bytes.
    public var size: Int
    /// XXH3 of its content; ``SnapshotManifest`` says of which file it is another one.
    public var hash: String
}
