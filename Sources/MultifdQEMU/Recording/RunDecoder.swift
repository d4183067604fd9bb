import Multifd

/// Takes a recording's index apart while it is read: what cannot be ends the reading, however large the file is.
struct RunDecoder {
    private let snapshot: Snapshot
    private let description: [SnapshotRecording.Iteration]
    private let pageCounts: [Int]
    private let contentCount: Int
    private var iterations: [[RecordedRun]] = []
    /// Of the iteration that is under way.
    private var runs: [RecordedRun] = []
    /// The beginning of a run.
    private var rest: [UInt8] = []

    /// - Parameter contentCount: pages in the file of contents.
    init(_ description: [SnapshotRecording.Iteration], of snapshot: Snapshot, contentCount: Int) {
        self.snapshot = snapshot
        self.description = description
        self.contentCount = contentCount
        pageCounts = snapshot.manifest.ramBlocks.map { $0.size >> Page.shift }
    }

    mutating func decode(_ piece: [UInt8]) throws {
        let bytes = rest + piece
        let count = bytes.count / RecordedRun.byteCount
        var reader = MessageReader("the index", bytes)
        for _ in 0..<count {
            try append(RecordedRun(decoding: &reader, pageCounts: pageCounts, contentCount: contentCount))
        }
        rest = Array(bytes[(count * RecordedRun.byteCount)...])
    }

    /// - Parameter run: nil for one that cannot be.
    private mutating func append(_ run: RecordedRun?) throws(SnapshotError) {
        guard let run, iterations.count < description.count,
            runs.last.map({ ($0.block, $0.pages.upperBound) <= (run.block, run.first) }) ?? true
        else {
            throw .inconsistent(
                path: snapshot.path,
                problem: "its recording has a run of pages in iteration \(iterations.count + 1) that cannot be")
        }
        runs.append(run)
        let iteration = description[iterations.count]
        guard runs.count == iteration.runs else { return }
        guard iteration.holds(runs) else { throw mismatch }
        iterations.append(runs)
        runs = []
    }

    /// All runs, by iteration, when nothing more comes.
    func finish() throws(SnapshotError) -> [[RecordedRun]] {
        guard rest.isEmpty, runs.isEmpty, iterations.count == description.count else { throw mismatch }
        return iterations
    }

    private var mismatch: SnapshotError {
        .inconsistent(path: snapshot.path, problem: "its recording's iterations are not what its index holds")
    }
}
