import Multifd
import SystemPackage

/// A snapshot's ``SnapshotRecording``, open for reading, and found intact.
public final class Recording: Sendable {
    /// The snapshot that it belongs to.
    public let snapshot: Snapshot
    /// What the manifest says of it.
    public let description: SnapshotRecording
    /// By iteration.
    package let runs: [[RecordedRun]]
    let content: MemoryFile

    /// Reads all of the recording, and compares hashes. Cancelling the task that it is called in ends it.
    ///
    /// - Parameter verifies: whether that of the pages is compared, too: nothing else reads all of them.
    /// - Throws: ``SnapshotError``.
    public init(_ snapshot: Snapshot, verifies: Bool = true) throws(SnapshotError) {
        guard let description = snapshot.manifest.recording else { throw .notRecorded(path: snapshot.path) }
        self.snapshot = snapshot
        self.description = description
        content = try Self.content(description.pages, of: snapshot, verifies: verifies)
        var decoder = RunDecoder(description.iterations, of: snapshot, contentCount: content.block.pageCount)
        try snapshot.verify(description.index) { try decoder.decode($0) }
        runs = try decoder.finish()
    }

    private static func content(
        _ pages: SnapshotFile, of snapshot: Snapshot, verifies: Bool
    ) throws(SnapshotError) -> MemoryFile {
        let isOneHash = snapshot.manifest.version == 1
        if verifies, isOneHash { try snapshot.verify(pages) }
        let content = try MemoryFile(pages.file, in: snapshot.path, name: pages.file)
        let path = "\(snapshot.path)/\(pages.file)"
        guard content.block.byteCount == pages.size else { throw .size(file: path, expected: pages.size) }
        guard verifies, !isOneHash else { return content }
        let hash: String?
        do { hash = try content.hashes { _ in !Task.isCancelled }?.value } catch {
            throw SnapshotError(error, of: path)
        }
        guard let hash else { throw .file(path: path, operation: "read", .canceled) }
        guard hash == pages.hash else { throw .hash(file: path, expected: pages.hash, found: hash) }
        return content
    }
}
