import Multifd
import SystemPackage

/// Writes a ``SnapshotRecording`` while a guest is received.
///
/// Content is appended as it comes; a page that holds what it held before is only noted. Which iteration a page belongs to
/// is decided at the end of a part of the stream, when no page is on its way.
final class Recorder: PageRecorder {
    private let content: ContentFile
    private let index: FileDescriptor
    private let indexPath: String
    /// What the pages of each RAMBlock hold.
    private let places: [PagePlaces]
    /// What came since the end of the last part, of each RAMBlock.
    private let parts: [Condition<ArrivedPages>]
    private let state: Condition<State>

    private struct State: Sendable {
        /// Of the iteration that is under way.
        var runs: [RecordedRun] = []
        /// The pages of these runs.
        var arrived: [Arrived]
        var iterations: [SnapshotRecording.Iteration] = []
        /// What they take of the manifest.
        var textByteCount = 0
        var endOfPart: MonotonicTime
        var endOfIteration: MonotonicTime
    }

    /// A box, because an array cannot hold noncopyable flags.
    private final class Arrived: Sendable {
        let pages: PageFlags
        init(pageCount: Int) throws(MemoryError) { pages = try PageFlags(pageCount: pageCount) }
    }

    /// Makes the recording's files in a directory.
    init(of blocks: [RAMBlock], in directory: inout PartialDirectory) throws {
        let name = SnapshotRecording.pagesFileName
        let descriptor = try directory.addFile(name, byteCount: Page.byteCount)
        content = ContentFile(path: "\(directory.partialPath)/\(name)", descriptor)
        index = try directory.addFile(SnapshotRecording.indexFileName, byteCount: 0)
        indexPath = "\(directory.partialPath)/\(SnapshotRecording.indexFileName)"
        places = try blocks.map { try PagePlaces(pageCount: $0.pageCount) }
        parts = blocks.map { Condition(ArrivedPages(pageCount: $0.pageCount)) }
        let now = MonotonicTime.now
        state = Condition(
            State(
                arrived: try blocks.map { try Arrived(pageCount: $0.pageCount) }, endOfPart: now, endOfIteration: now))
    }

    deinit { try? index.close() }

    // MARK: Pages

    func record(_ pages: Range<Int>, ofBlock block: Int, content start: UnsafeRawPointer) throws(MemoryError) {
        let places = places[block]
        var first = pages.lowerBound
        while first < pages.upperBound {
            let isChanged = unsafe try isChanged(first, places, start + (first - pages.lowerBound) << Page.shift)
            var end = first + 1
            while end < pages.upperBound {
                let page = unsafe start + (end - pages.lowerBound) << Page.shift
                guard unsafe try self.isChanged(end, places, page) == isChanged else { break }
                end += 1
            }
            if isChanged {
                let run = unsafe UnsafeRawBufferPointer(
                    start: start + (first - pages.lowerBound) << Page.shift, count: (end - first) << Page.shift)
                let place = unsafe try content.append(run)
                for page in first..<end { places.set(page, place + page - first) }
            }
            parts[block].withLock { $0.insert(first..<end, isChanged: isChanged) }
            first = end
        }
    }

    private func isChanged(
        _ page: Int, _ places: PagePlaces, _ bytes: UnsafeRawPointer
    ) throws(MemoryError) -> Bool {
        guard let place = places[page] else { return true }
        return unsafe try !content.holds(bytes, at: place)
    }

    func recordZero(_ page: Int, ofBlock block: Int) {
        let places = places[block]
        let isChanged = places[page] != 0
        places.set(page, 0)
        parts[block].withLock { $0.insert(page..<page + 1, isChanged: isChanged) }
    }

    // MARK: Iterations

    func endPart(startsIteration: Bool, endsIteration: Bool) throws(MemoryError) {
        let part = parts.indices.flatMap { block in
            parts[block].withLock { $0.take(ofBlock: block, places[block]) }
        }
        try state.withLock { state throws(MemoryError) in
            let comesAgain = part.contains { run in
                let arrived = state.arrived[run.block]
                return run.pages.contains { arrived.pages[$0] }
            }
            if startsIteration || comesAgain { try endIteration(&state, at: state.endOfPart) }
            for run in part {
                for page in run.pages { state.arrived[run.block].pages.set(page) }
            }
            state.runs += part
            state.endOfPart = .now
            if endsIteration { try endIteration(&state, at: state.endOfPart) }
        }
    }

    /// Writes an iteration's runs. One without pages is none: its time counts with the next.
    private func endIteration(_ state: inout State, at time: MonotonicTime) throws(MemoryError) {
        guard !state.runs.isEmpty else { return }
        var runs: [RecordedRun] = []
        for run in state.runs.sorted(by: { ($0.block, $0.first) < ($1.block, $1.first) }) {
            if runs.isEmpty || !runs[runs.count - 1].merge(run) { runs.append(run) }
        }
        var iteration = SnapshotRecording.Iteration(
            microseconds: Int(time.since(state.endOfIteration).nanoseconds / 1000), runs: runs.count, normal: 0,
            duplicate: 0, unchanged: 0)
        var writer = MessageWriter()
        for run in runs {
            run.encode(to: &writer)
            switch run.kind {
            case .content: iteration.normal += run.count
            case .zero: iteration.duplicate += run.count
            case .unchanged: iteration.unchanged += run.count
            }
            for page in run.pages { state.arrived[run.block].pages.clear(page) }
        }
        state.textByteCount += iteration.textByteCount
        // At the commit it would be too late: the guest is paused, and all of it has come.
        guard state.textByteCount <= SnapshotRecording.maximumTextByteCount else {
            throw .recordingFull(iterations: state.iterations.count)
        }
        do {
            try index.writeAll(writer.bytes)
        } catch {
            throw .file(path: indexPath, operation: "write", error as? Errno ?? .ioError)
        }
        state.iterations.append(iteration)
        state.runs = []
        state.endOfIteration = time
    }

    // MARK: Commit

    /// See ``Writeback``.
    func startWriteback() { content.startWriteback() }

    /// All pages are in. Returns what belongs into the manifest.
    func finish() throws -> SnapshotRecording {
        try endPart(startsIteration: false, endsIteration: true)
        let pages = SnapshotFile(
            file: SnapshotRecording.pagesFileName, size: content.pageCount << Page.shift, hash: content.hash)
        let (hash, size) = try FileContent.hash(ofFile: indexPath)
        let index = SnapshotFile(file: SnapshotRecording.indexFileName, size: size, hash: hash)
        return SnapshotRecording(pages: pages, index: index, iterations: state.withLock { $0.iterations })
    }
}
