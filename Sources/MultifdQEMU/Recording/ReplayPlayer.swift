import Multifd
import SystemPackage

/// Writes a recording's pages into memory, one after the other. Used by one thread at a time.
final class ReplayPlayer {
    private let recording: Recording
    private let memory: GuestMemory
    private let log: SoftwareDirtyLog
    /// Whose pages are written next; 0, what memory was at first, until it is that.
    private(set) var iteration = 0
    /// Written of it.
    private(set) var pageCount = 0
    private var run = 0
    /// Pages of the run that have been written.
    private var offset = 0

    /// Pages between two looks at what else there is to do.
    static let stepPageCount = 128

    /// Memory, which is zeros, becomes what it was at first, unless the task that this is called in is cancelled.
    init(_ recording: Recording, memory: GuestMemory, log: SoftwareDirtyLog) throws(MemoryError) {
        self.recording = recording
        self.memory = memory
        self.log = log
        while iteration == 0 {
            guard !Task.isCancelled else {
                let path = "\(recording.snapshot.path)/\(recording.description.pages.file)"
                throw .file(path: path, operation: "read", .canceled)
            }
            try write(Self.stepPageCount)
        }
    }

    var isAtEnd: Bool { iteration == recording.runs.count }

    /// Writes the next pages, at most that many, and none beyond the end of the iteration.
    func write(_ count: Int) throws(MemoryError) {
        var left = count
        while left > 0, !isAtEnd {
            var next = recording.runs[iteration][run]
            next.first += offset
            if next.kind == .content { next.place += offset }
            next.count = min(next.count - offset, left)
            try write(next)
            for page in next.pages { log.markWritten(page: page, ofBlock: next.block) }
            left -= next.count
            if advance(by: next.count) { return }
        }
    }

    /// Writes the rest of the iteration.
    func writeIteration() throws(MemoryError) {
        let iteration = iteration
        while !isAtEnd, self.iteration == iteration { try write(.max) }
    }

    /// Returns whether the iteration has ended.
    private func advance(by count: Int) -> Bool {
        pageCount += count
        offset += count
        guard offset == recording.runs[iteration][run].count else { return false }
        (run, offset) = (run + 1, 0)
        guard run == recording.runs[iteration].count else { return false }
        (iteration, pageCount, run) = (iteration + 1, 0, 0)
        return true
    }

    private func write(_ run: RecordedRun) throws(MemoryError) {
        let block = memory.blocks[run.block]
        switch run.kind {
        case .content:
            // Safe: runs lie within their RAMBlocks, and within the file, which has been checked.
            unsafe try recording.content.block.read(
                run.place..<run.place + run.count, into: block.address(ofPage: run.first))
        // What was zero at first is, and takes no memory.
        case .zero where iteration == 0: break
        case .zero: try block.clear(run.pages)
        case .unchanged: break
        }
    }
}
