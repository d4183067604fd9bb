import Multifd

/// A snapshot's pages as they go over the main connection.
@safe
final class SnapshotPages {
    enum Kind {
        case normal
        case zero
    }

    private let snapshot: Snapshot
    private var records = StreamWriter()
    private let content: ScratchMemory
    private let headers: ScratchMemory
    private var list = GatherList(capacity: 2 * SnapshotPages.pageCount)
    /// The block of the last record.
    private var currentBlock: Int?

    /// Pages that go out in one call.
    private static let pageCount = 256
    /// 4 MiB: some milliseconds on any link that is worth the name.
    private static let piecePageCount = 1024
    /// What stands before a page: a word, and before the first of a RAMBlock the block's name, too.
    private static let headByteCount = 8
    private static let maximumNameByteCount = 1 + 255
    private static let flushByteCount = 64 << 10

    init(_ snapshot: Snapshot) throws(MemoryError) {
        self.snapshot = snapshot
        content = try ScratchMemory(byteCount: Self.pageCount << Page.shift)
        headers = try ScratchMemory(byteCount: Self.pageCount * Self.headByteCount + Self.maximumNameByteCount)
    }

    /// Calls `body` with runs of pages of one kind, in ascending order: none so long that it keeps the sender from looking
    /// whether to go on.
    ///
    /// What the source never sent is left out, whatever the file has there: it would give the guest memory that it has not
    /// plugged in.
    func forEachPiece(
        ofBlock block: Int, _ body: (Kind, Range<Int>) throws(MigrationError) -> Void
    ) throws(MigrationError) {
        try forEachRun(ofBlock: block) { kind, run throws(MigrationError) in
            for first in stride(from: run.lowerBound, to: run.upperBound, by: Self.piecePageCount) {
                try body(kind, first..<min(first + Self.piecePageCount, run.upperBound))
            }
        }
    }

    private func forEachRun(
        ofBlock block: Int, _ body: (Kind, Range<Int>) throws(MigrationError) -> Void
    ) throws(MigrationError) {
        let file = snapshot.files[block]
        var content = file.content[...]
        func split(_ sent: Range<Int>) throws(MigrationError) {
            var next = sent.lowerBound
            while next < sent.upperBound {
                while let run = content.first, run.upperBound <= next { content.removeFirst() }
                let run = content.first?.clamped(to: next..<sent.upperBound) ?? sent.upperBound..<sent.upperBound
                if next < run.lowerBound { try body(.zero, next..<run.lowerBound) }
                if !run.isEmpty { try body(.normal, run) }
                next = run.upperBound
            }
        }
        var next = 0
        for run in snapshot.manifest.ramBlocks[block].neverSent {
            try split(next..<run[0])
            next = run[0] + run[1]
        }
        try split(next..<file.block.pageCount)
    }

    func sendZero(_ run: Range<Int>, ofBlock block: Int, to main: StreamConnection) throws(MigrationError) {
        for page in run {
            records.zeroPage(page, name: name(block))
            if records.byteCount >= Self.flushByteCount { try flush(to: main) }
        }
    }

    /// Sends what waits to fill a call.
    func flush(to main: StreamConnection) throws(MigrationError) {
        guard records.byteCount > 0 else { return }
        try main.send(records)
        records = StreamWriter()
    }

    func send(_ run: Range<Int>, ofBlock block: Int, to main: StreamConnection) throws(MigrationError) {
        try flush(to: main)
        for first in stride(from: run.lowerBound, to: run.upperBound, by: Self.pageCount) {
            let pages = first..<min(first + Self.pageCount, run.upperBound)
            do {
                // Within the buffer, which has room for that many pages.
                unsafe try snapshot.files[block].block.read(pages, into: content.start)
            } catch {
                throw .memory(error)
            }
            var heads = StreamWriter()
            for page in pages { heads.pageHeader(page, QEMUStream.Flag.page, name(block)) }
            unsafe headers.buffer.copyBytes(from: heads.bytes)
            list.removeAll()
            // Only the first can have a name.
            var end = heads.byteCount - (pages.count - 1) * Self.headByteCount
            var start = 0
            for index in 0..<pages.count {
                unsafe list.append(headers.start + start, end - start)
                unsafe list.append(content.start + index << Page.shift, Page.byteCount)
                (start, end) = (end, end + Self.headByteCount)
            }
            try main.send(&list)
        }
    }

    private func name(_ block: Int) -> String? {
        guard block != currentBlock else { return nil }
        currentBlock = block
        return snapshot.manifest.ramBlocks[block].name
    }
}
