import Multifd

/// A snapshot's ``SnapshotRecording``, open for reading, and found intact.
public final class Recording: Sendable {
    /// The snapshot that it belongs to.
    public let snapshot: Snapshot
    /// What the manifest says of it.
    public let description: SnapshotRecording
    /// By iteration.
    package let runs: [[RecordedRun]]
    let content: MemoryFile

    /// Reads all of the recording, and compares hashes.
    ///
    /// - Throws: ``SnapshotError``.
    public init(_ snapshot: Snapshot) throws(SnapshotError) {
        guard let description = snapshot.manifest.recording else { throw .notRecorded(path: snapshot.path) }
        self.snapshot = snapshot
        self.description = description
        content = try MemoryFile(description.pages.file, in: snapshot.path, name: description.pages.file)
        try snapshot.verify(description.pages)
        var decoder = RunDecoder(description.iterations, of: snapshot, contentCount: content.block.pageCount)
        try snapshot.verify(description.index) { try decoder.decode($0) }
        runs = try decoder.finish()
    }
}
