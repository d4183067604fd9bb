import Synchronization

/// A dirty log that the guest keeps itself, by calling ``markWritten(page:ofBlock:)`` for each page that it writes.
///
/// For guests on kernels without ``KernelDirtyLog``, and for VMMs that see every write anyhow. While stopped a call costs
/// a memory fence and a load.
@safe
public final class SoftwareDirtyLog: DirtyLog {
    /// `software`.
    public let name = "software"

    // One atomic word for 64 pages, each block's words one after the other.
    // Sendable although a pointer: it never changes, and every access is atomic.
    private nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let wordCount: Int
    /// Index of each block's first word.
    private let firstWords: [Int]
    private let pageCounts: [Int]
    private let isLogging = Atomic<Bool>(false)

    /// A log of writes to `memory`.
    public init(memory: GuestMemory) {
        var count = 0
        firstWords = memory.blocks.map { block in
            defer { count += (block.pageCount + 63) / 64 }
            return count
        }
        pageCounts = memory.blocks.map(\.pageCount)
        wordCount = count
        unsafe words = .allocate(capacity: count)
        for index in 0..<count { unsafe (words + index).initialize(to: Atomic(0)) }
    }

    deinit {
        unsafe words.deinitialize(count: wordCount)
        unsafe words.deallocate()
    }

    /// Notes that a page was written. Any thread may call it; the guest calls it *after* each write, before it can be
    /// paused.
    ///
    /// Marked before the write only, a page could be harvested and copied between the mark and the write, which would be
    /// lost. Marked after it, a sync that takes the mark also makes the write visible (release, acquire), and a sync that
    /// comes before the mark leaves it for the next one.
    public func markWritten(page: Int, ofBlock block: Int) {
        precondition(page >= 0 && page < pageCounts[block])
        // Orders the write before the load, against start() which stores and then lets memory be read: either this
        // thread sees that the log is on, or the write is visible to all that is read after start().
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isLogging.load(ordering: .relaxed) else { return }
        let bit: UInt64 = 1 << UInt64(page % 64)
        unsafe words[firstWords[block] + page / 64].bitwiseOr(bit, ordering: .releasing)
    }

    /// See ``DirtyLog/start()``.
    public func start() {
        for index in 0..<wordCount { unsafe words[index].store(0, ordering: .relaxed) }
        isLogging.store(true, ordering: .sequentiallyConsistent)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }

    /// See ``DirtyLog/sync(_:ofBlock:into:)``.
    public func sync(_ pages: Range<Int>, ofBlock block: Int, into bitmap: inout MigrationBitmap) {
        precondition(pages.lowerBound >= 0 && pages.upperBound <= pageCounts[block])
        guard !pages.isEmpty else { return }
        for index in pages.lowerBound / 64...(pages.upperBound - 1) / 64 {
            let word = firstWords[block] + index
            // Most words are clear; a load leaves their cache lines with the vCPUs.
            guard unsafe words[word].load(ordering: .relaxed) != 0 else { continue }
            let first = max(pages.lowerBound - index * 64, 0)
            let end = min(pages.upperBound - index * 64, 64)
            let mask = (~0 as UInt64) << UInt64(first) & (~0 as UInt64) >> UInt64(64 - end)
            var taken = mask & (unsafe words[word].bitwiseAnd(~mask, ordering: .acquiring).oldValue)
            while taken != 0 {
                let start = taken.trailingZeroBitCount
                let count = (~(taken >> UInt64(start))).trailingZeroBitCount
                bitmap.mark(index * 64 + start..<index * 64 + start + count, inBlock: block)
                taken &= start + count == 64 ? 0 : ~0 << UInt64(start + count)
            }
        }
    }

    /// See ``DirtyLog/stop()``.
    public func stop() {
        isLogging.store(false, ordering: .relaxed)
    }
}
