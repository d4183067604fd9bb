import Glibc
import Synchronization

/// A hash of a guest's whole memory, computed by several threads: the two ends of a migration compare theirs.
///
/// Memory is cut into pieces of 2 MiB, RAMBlock by RAMBlock; the digest is the XXH3 of the pieces' XXH3 hashes.
package struct MemoryDigest: Sendable {
    private static let pieceByteCount = 2 << 20

    private struct Piece: Sendable {
        var block: Int
        var pages: Range<Int>
    }

    private let memory: GuestMemory
    private let content: [[Range<Int>]]
    private let pieces: [Piece]
    private let threadCount = max(1, min(8, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    /// - Parameter content: per RAMBlock, the ranges of pages that may be anything but zero, in ascending order. The
    ///   rest counts as zero without being read: reading a hole of a mapped file would fill it.
    package init(of memory: GuestMemory, content: [[Range<Int>]]) {
        self.memory = memory
        self.content = content
        let step = Self.pieceByteCount >> Page.shift
        pieces = memory.blocks.enumerated().flatMap { index, block in
            stride(from: 0, to: block.pageCount, by: step).map { first in
                Piece(block: index, pages: first..<min(first + step, block.pageCount))
            }
        }
    }

    /// The digest. The guest must be paused.
    package func compute() throws(MemoryError) -> UInt64 {
        let hashes = Mutex(Result<[UInt64], MemoryError>.success([UInt64](repeating: 0, count: pieces.count)))
        let share = (pieces.count + threadCount - 1) / threadCount
        let threads = stride(from: 0, to: pieces.count, by: share).map { first in
            WorkerThread(name: "mf-digest") {
                let mine = first..<min(first + share, pieces.count)
                let found = Result { () throws(MemoryError) in try hash(mine) }
                hashes.withLock { hashes in
                    do throws(MemoryError) {
                        var all = try hashes.get()
                        all.replaceSubrange(mine, with: try found.get())
                        hashes = .success(all)
                    } catch {
                        hashes = .failure(error)
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        // Safe: UInt64 has no padding.
        let all = try hashes.withLock { $0 }.get()
        return unsafe Checksum.of(all.span.bytes)
    }

    /// How long ``compute()`` will take, from hashing a sample of the memory.
    package func expectedDuration() throws(MemoryError) -> Duration {
        let sample = 0..<min(16, pieces.count)
        let start = MonotonicTime.now
        _ = try hash(sample)
        return MonotonicTime.now.since(start) * (Double(pieces.count) / Double(sample.count) / Double(threadCount))
    }

    private func hash(_ range: Range<Int>) throws(MemoryError) -> [UInt64] {
        var checksum = StreamingChecksum()
        let buffer = try ScratchMemory(byteCount: Self.pieceByteCount)
        let zeros = [UInt8](repeating: 0, count: Page.byteCount)
        var hashes: [UInt64] = []
        for piece in pieces[range] {
            checksum.begin()
            let block = memory.blocks[piece.block]
            var next = piece.pages.lowerBound
            func addZeros(upTo end: Int) {
                while next < end {
                    unsafe zeros.withUnsafeBytes { unsafe checksum.update($0) }
                    next += 1
                }
            }
            for range in content[piece.block] where range.overlaps(piece.pages) {
                let pages = range.clamped(to: piece.pages)
                addZeros(upTo: pages.lowerBound)
                // Safe: the pages lie within the block, which outlives the call, and within the buffer.
                var start = unsafe block.address(ofPage: pages.lowerBound)
                if block.isFile {
                    unsafe try block.read(pages, into: buffer.start)
                    unsafe start = buffer.start
                }
                unsafe checksum.update(UnsafeRawBufferPointer(start: start, count: pages.count << Page.shift))
                next = pages.upperBound
            }
            addZeros(upTo: piece.pages.upperBound)
            hashes.append(checksum.value)
        }
        return hashes
    }
}
