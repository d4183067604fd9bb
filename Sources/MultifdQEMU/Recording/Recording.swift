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

    private static let maximumIndexByteCount = 1 << 30

    /// Reads all of the recording, and compares hashes.
    ///
    /// - Throws: ``SnapshotError``.
    public init(_ snapshot: Snapshot) throws(SnapshotError) {
        guard let description = snapshot.manifest.recording else { throw .notRecorded(path: snapshot.path) }
        self.snapshot = snapshot
        self.description = description
        content = try Self.openContent(description.pages, snapshot.path)
        let index = try snapshot.content(of: description.index, maximumByteCount: Self.maximumIndexByteCount)
        runs = try Self.decode(index, description, snapshot, contentCount: content.block.pageCount)
    }

    private static func openContent(_ file: SnapshotFile, _ path: String) throws(SnapshotError) -> MemoryFile {
        let content = try MemoryFile(file.file, in: path, name: file.file)
        let (hash, _) = try FileContent.hash(ofFile: "\(path)/\(file.file)")
        guard hash == file.hash else {
            throw .hash(file: "\(path)/\(file.file)", expected: file.hash, found: hash)
        }
        return content
    }

    private static func decode(
        _ bytes: [UInt8], _ description: SnapshotRecording, _ snapshot: Snapshot, contentCount: Int
    ) throws(SnapshotError) -> [[RecordedRun]] {
        let pageCounts = snapshot.manifest.ramBlocks.map { $0.size >> Page.shift }
        var reader = MessageReader("the index", bytes)
        var iterations: [[RecordedRun]] = []
        do {
            for iteration in description.iterations {
                var runs: [RecordedRun] = []
                for _ in 0..<iteration.runs {
                    guard
                        let run = try RecordedRun(
                            decoding: &reader, pageCounts: pageCounts, contentCount: contentCount),
                        runs.last.map({ ($0.block, $0.pages.upperBound) <= (run.block, run.first) }) ?? true
                    else {
                        throw SnapshotError.inconsistent(
                            path: snapshot.path,
                            problem:
                                "its recording has a run of pages in iteration \(iterations.count + 1) that cannot be")
                    }
                    runs.append(run)
                }
                guard iteration.holds(runs) else {
                    throw SnapshotError.inconsistent(
                        path: snapshot.path, problem: "its recording's iterations are not what its index holds")
                }
                iterations.append(runs)
            }
            try reader.finish()
        } catch let error as SnapshotError {
            throw error
        } catch {
            throw .inconsistent(path: snapshot.path, problem: "\(error)")
        }
        return iterations
    }
}
