import Synchronization

/// A ``MemoryDigest`` that is computed ahead of time, while the guest runs, and brought up to date when it is paused: only
/// pieces that were touched since are hashed again, so that verifying adds little to the downtime.
package final class IncrementalDigest: Sendable {
    private let digest: MemoryDigest
    /// A byte for each piece, so that channels may touch different pieces without a lock.
    private let touched: PageFlags
    private let hashes: Mutex<[UInt64]>
    private let past = Mutex(Past())

    /// What updates took: each counts half as much as the one after it, and one of few pieces, which is hardly more than
    /// the start of threads, counts little.
    private struct Past {
        var time = Duration.zero
        var pieceCount = 0.0
    }

    /// All pieces count as touched.
    package init(of memory: GuestMemory) throws(MemoryError) {
        digest = MemoryDigest(of: memory)
        touched = try PageFlags(pageCount: digest.pieceCount)
        hashes = Mutex([UInt64](repeating: 0, count: digest.pieceCount))
        for piece in 0..<digest.pieceCount { touched.set(piece) }
    }

    /// Notes that a page is about to change, or may have changed since it was hashed.
    package func touch(_ page: Int, ofBlock block: Int) {
        touched.set(digest.piece(ofPage: page, inBlock: block))
    }

    /// Hashes every touched piece. Pages that are written meanwhile must be touched again afterwards.
    ///
    /// - Parameter content: see ``MemoryDigest/compute(content:)``.
    package func update(content: [[Range<Int>]]) throws(MemoryError) {
        let pieces = (0..<digest.pieceCount).filter { touched[$0] }
        guard !pieces.isEmpty else { return }
        for piece in pieces { touched.clear(piece) }
        let start = MonotonicTime.now
        let found = try digest.hashes(ofPieces: pieces, content: content)
        let time = MonotonicTime.now.since(start)
        past.withLock { past in
            past.time = past.time / 2 + time
            past.pieceCount = past.pieceCount / 2 + Double(pieces.count)
        }
        hashes.withLock { hashes in
            for (piece, hash) in zip(pieces, found) { hashes[piece] = hash }
        }
    }

    /// The digest as of the last update.
    package var value: UInt64 { MemoryDigest.combine(hashes.withLock { $0 }) }

    /// How long an update will take that finds these pages touched as well, from what past ones took.
    ///
    /// - Parameter isHashedAhead: whether another update comes first, so that these pages alone are touched.
    func expectedDuration(
        touching bitmap: borrowing MigrationBitmap, of memory: GuestMemory, isHashedAhead: Bool = false
    ) -> Duration {
        var isDue = (0..<digest.pieceCount).map { !isHashedAhead && touched[$0] }
        for block in memory.blocks.indices {
            bitmap.forEachRun(inBlock: block) { pages in
                let first = digest.piece(ofPage: pages.lowerBound, inBlock: block)
                for piece in first...digest.piece(ofPage: pages.upperBound - 1, inBlock: block) { isDue[piece] = true }
            }
        }
        let timePerPiece = past.withLock { $0.pieceCount > 0 ? $0.time / $0.pieceCount : .zero }
        return timePerPiece * isDue.count(where: \.self)
    }
}
