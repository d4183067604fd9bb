/// The content of pages as last sent, from which deltas are made.
///
/// Direct-mapped: a page has one slot, `page number modulo slots`, so a cache as large as RAM misses no page that it
/// was once told of, unless the page's batch was lost. All channels share it without a lock. Each slot has a word that
/// says whose page it holds; a channel takes the slot by an atomic exchange of that word and never waits: when another
/// page's channel is at the slot, its own page is a miss.
///
/// Why a delta always meets its base: an entry is what this end sent last of a page, and it is there only as long as
/// each page's way ends in it. A page that is sent goes through ``delta(ofPage:inBlock:content:into:counting:)``, which
/// leaves either its new content or nothing; one found zero is remembered as such; one whose batch was lost, or that is
/// sent while the cache is not filled yet, is forgotten.
///
/// That a page is zero takes a bit of its slot's word and no content memory, so it is remembered from the start.
///
/// A page belongs to one channel in an iteration, and iterations are separated by a barrier, which orders the calls
/// below that are made between them.
@safe
package final class XBZRLECache: @unchecked Sendable {  // slots change hands by an atomic exchange
    /// What to send of a page.
    package enum Outcome: Equatable, Sendable {
        /// Nothing: the destination has it.
        case unchanged
        /// The delta of that many bytes that was appended to the output.
        case delta(byteCount: Int)
        /// The page: a delta would not be smaller.
        case overflow
        /// The page: its base is not known. By now its content is, if its slot was free.
        case miss
    }

    /// What a page becomes at most: with the two bytes that tell its length, a delta is smaller than the page.
    static let maximumDeltaByteCount = Page.byteCount - 3

    // Changed only between iterations.
    private var table: Table
    private var iteration = 0
    private var isLastIteration = false
    private let firstPages: [Int]
    private let pageCount: Int
    /// Whether pages must go through ``delta(ofPage:inBlock:content:into:counting:)``: from the second iteration on.
    var isInUse: Bool { iteration > 1 }
    /// Whether they may before that, which saves sending those in full that the guest writes to meanwhile: if there is
    /// room for all pages. Zero pages are remembered then. A smaller cache would be filled with pages that never
    /// change, and keep those that do out of it for two more iterations.
    package var isWorthFilling: Bool { table.slotCount >= pageCount }

    /// Bytes of page content that it may hold, as asked for.
    package private(set) var byteCount: Int

    /// Memory is taken as pages come in, not here.
    ///
    /// - Parameter byteCount: a power of two, at least `Page.byteCount`; trapped otherwise.
    package init(of memory: GuestMemory, byteCount: Int) throws(MemoryError) {
        precondition(memory.pageCount < Slot.tagMask)
        var next = 0
        firstPages = memory.blocks.map { block in
            defer { next += block.pageCount }
            return next
        }
        pageCount = next
        self.byteCount = byteCount
        table = try Table(byteCount: min(byteCount, Self.byteCount(forPages: next)))
    }

    /// The least size with a slot for each page: with a larger one no more would be found.
    private static func byteCount(forPages pageCount: Int) -> Int {
        Page.byteCount << (Int.bitWidth - max(0, pageCount - 1).leadingZeroBitCount)
    }

    /// Called between iterations.
    ///
    /// - Parameters:
    ///   - number: counts them: entries age by it.
    ///   - isLast: whether no page will be asked for again but those that were lost: what they become is not remembered,
    ///     because the guest is paused and waits for it.
    package func beginIteration(_ number: Int, isLast: Bool = false) {
        iteration = number
        isLastIteration = isLast
    }

    /// Changes the size and keeps what has room. Called between iterations.
    ///
    /// - Parameter byteCount: a power of two, at least `Page.byteCount`; trapped otherwise.
    package func resize(toByteCount byteCount: Int) throws(MemoryError) {
        let needed = min(byteCount, Self.byteCount(forPages: pageCount))
        if needed != table.slotCount << Page.shift {
            let new = try Table(byteCount: needed)
            new.takeEntries(of: table, at: iteration)
            table = new
        }
        self.byteCount = byteCount
    }

    /// Decides what to send of a page that is not zero, and remembers it as sent.
    ///
    /// - Parameters:
    ///   - page: its number within the block.
    ///   - content: the copy that will be sent: `Page.byteCount` bytes, aligned to 8, that do not change.
    ///   - output: gets the delta; has room for a page.
    ///   - counters: count what was met, except where the cache is only being filled.
    @unsafe
    package func delta(
        ofPage page: Int, inBlock block: Int, content: UnsafeRawPointer, into output: inout OutputRawSpan,
        counting counters: inout XBZRLECounters
    ) -> Outcome {
        let number = firstPages[block] + page
        let outcome: Outcome
        if let entry = unsafe take(number, content) {
            outcome = unsafe encode(number, content, against: entry, into: &output)
        } else {
            outcome = .miss
        }
        if isInUse { counters.count(outcome) }
        return outcome
    }

    /// Takes the slot of a page whose base it holds; the caller releases it. When there is no base, `content` becomes
    /// the base of the next delta if the slot is free.
    @unsafe
    private func take(_ number: Int, _ content: UnsafeRawPointer) -> Slot? {
        let tag = UInt64(number + 1)
        let found = table.slot(of: number)
        if isLastIteration, found.tag != tag || found.isAsleep { return nil }
        guard found.tag == tag else {
            // The new owner's tag goes in at once: a channel that meets a busy slot knows that it is not its page's.
            if found.isEvictable(at: iteration), table.exchange(found, for: .busy(tag), of: number) {
                unsafe table.store(content, of: number)
                table.release(Slot(tag: tag, lastUse: iteration), of: number)
            }
            return nil
        }
        if found.isAsleep, found.age(at: iteration) < found.sleepLength { return nil }
        // When this fails, another page has evicted this one just now.
        guard table.exchange(found, for: .busy(tag), of: number) else { return nil }
        guard found.isAsleep else { return found }
        unsafe table.store(content, of: number)
        table.release(Slot(tag: tag, lastUse: iteration, overflowStreak: found.overflowStreak), of: number)
        return nil
    }

    /// Encodes a page against the base in its slot, puts it there as the new base, and releases the slot.
    @unsafe
    private func encode(
        _ number: Int, _ content: UnsafeRawPointer, against entry: Slot, into output: inout OutputRawSpan
    ) -> Outcome {
        // A delta that with its length is not smaller than the page is of no use.
        switch unsafe XBZRLE.encode(
            content, against: table.base(of: number, entry), into: &output,
            maximumByteCount: Self.maximumDeltaByteCount)
        {
        case .unchanged:
            table.release(Slot(tag: entry.tag, lastUse: iteration, isZero: entry.isZero), of: number)
            return .unchanged
        case .delta(let byteCount) where isLastIteration:
            table.release(.empty, of: number)
            return .delta(byteCount: byteCount)
        case .delta(let byteCount):
            unsafe table.store(content, of: number)
            table.release(Slot(tag: entry.tag, lastUse: iteration), of: number)
            return .delta(byteCount: byteCount)
        case .overflow where isLastIteration:
            table.release(.empty, of: number)
            return .overflow
        case .overflow where entry.isZero:
            // That all of a zero page is new says nothing about what will be written to it next.
            unsafe table.store(content, of: number)
            table.release(Slot(tag: entry.tag, lastUse: iteration), of: number)
            return .overflow
        case .overflow:
            let streak = min(entry.overflowStreak + 1, Slot.maximumOverflowStreak)
            let isAsleep = streak >= 2
            if !isAsleep { unsafe table.store(content, of: number) }
            table.release(
                Slot(tag: entry.tag, lastUse: iteration, overflowStreak: streak, isAsleep: isAsleep), of: number)
            return .overflow
        }
    }

    /// Remembers a page as zero: because it is sent as a zero page, or because it is zero at the destination from the
    /// start. Called by the page's channel, or between iterations.
    package func rememberZero(page: Int, inBlock block: Int) {
        guard isInUse || isWorthFilling, !isLastIteration else { return forget(page: page, inBlock: block) }
        let number = firstPages[block] + page
        let tag = UInt64(number + 1)
        let found = table.slot(of: number)
        guard found.tag == tag || found.isEvictable(at: iteration) else { return }
        // When this fails, another page has evicted this one just now, or was there first.
        _ = table.exchange(found, for: Slot(tag: tag, lastUse: iteration, isZero: true), of: number)
    }

    /// Forgets a page that is sent in another way, or that was lost on its way. Called by the page's channel, or between
    /// iterations.
    package func forget(page: Int, inBlock block: Int) {
        let number = firstPages[block] + page
        let found = table.slot(of: number)
        guard found.tag == UInt64(number + 1) else { return }
        // When this fails, another page has evicted this one just now.
        _ = table.exchange(found, for: .empty, of: number)
    }
}
