import Synchronization
import SystemPackage

extension XBZRLECache {
    /// The slots: a word and a page of content each, in memory that the kernel fills with zeros, which is to say with
    /// empty slots, at the first touch. After the last content comes a page that stays zero.
    @safe
    struct Table: ~Copyable {
        let slotCount: Int
        private let words: MemoryMapping
        private let contents: MemoryMapping

        init(byteCount: Int) throws(MemoryError) {
            precondition(byteCount >= Page.byteCount && byteCount.nonzeroBitCount == 1)
            let slotCount = byteCount >> Page.shift
            let words = try Self.map(byteCount: slotCount * MemoryLayout<Atomic<UInt64>>.stride)
            let contents = try Self.map(byteCount: byteCount + Page.byteCount)
            self.slotCount = slotCount
            self.words = words
            self.contents = contents
        }

        private static func map(byteCount: Int) throws(MemoryError) -> MemoryMapping {
            do {
                return try MemoryMapping(byteCount: byteCount, backing: .anonymous)
            } catch {
                throw .mappingFailed(name: "the xbzrle cache", byteCount: byteCount, error)
            }
        }

        /// In range whatever the number: it is reduced to the slots there are.
        private func index(of number: Int) -> Int { number & (slotCount - 1) }

        private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
            // Zeroed memory is an atomic 0, and nothing else ever uses this mapping.
            unsafe words.start.assumingMemoryBound(to: Atomic<UInt64>.self) + index
        }

        /// What the slot of a page holds at the moment.
        func slot(of number: Int) -> Slot {
            unsafe Slot(rawValue: word(index(of: number)).pointee.load(ordering: .relaxed))
        }

        /// Changes a slot if it is as it was found. On success all that earlier users of the slot wrote is visible.
        func exchange(_ found: Slot, for new: Slot, of number: Int) -> Bool {
            unsafe word(index(of: number)).pointee.compareExchange(
                expected: found.rawValue, desired: new.rawValue, ordering: .acquiringAndReleasing
            ).exchanged
        }

        /// Ends the use of a busy slot.
        func release(_ slot: Slot, of number: Int) {
            unsafe word(index(of: number)).pointee.store(slot.rawValue, ordering: .releasing)
        }

        /// The content of a page's slot, for the channel that has made it busy.
        func content(of number: Int) -> UnsafeMutableRawPointer {
            unsafe contents.start + index(of: number) << Page.shift
        }

        /// What a delta of a page is made against, for the channel that took this entry of it.
        func base(of number: Int, _ entry: Slot) -> UnsafeRawPointer {
            unsafe UnsafeRawPointer(entry.isZero ? contents.start + slotCount << Page.shift : content(of: number))
        }

        /// Fills the slot that the caller has made busy.
        @unsafe
        func store(_ content: UnsafeRawPointer, of number: Int) {
            unsafe self.content(of: number).copyMemory(from: content, byteCount: Page.byteCount)
        }

        /// Copies what has room from a table of another size; of two pages for one slot, the one used later. Nobody
        /// else uses either table meanwhile.
        func takeEntries(of old: borrowing Table, at iteration: Int) {
            for index in 0..<old.slotCount {
                let slot = old.slot(of: index)
                guard slot.tag != 0, !slot.isAsleep else { continue }
                let number = Int(slot.tag - 1)
                let rival = self.slot(of: number)
                guard rival.tag == 0 || rival.age(at: iteration) > slot.age(at: iteration) else { continue }
                if !slot.isZero { unsafe store(old.content(of: index), of: number) }
                release(slot, of: number)
            }
        }
    }
}
