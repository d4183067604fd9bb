import Glibc

/// One bit a page of a RAMBlock. Owned by one thread at a time.
@safe
package struct PageBitmap: ~Copyable {
    package let pageCount: Int
    /// Number of bits set, kept with every change.
    package private(set) var population = 0
    private let words: UnsafeMutablePointer<UInt64>
    private let wordCount: Int

    /// A bitmap with every bit clear.
    package init(pageCount: Int) {
        precondition(pageCount >= 0)
        self.pageCount = pageCount
        wordCount = (pageCount + 63) / 64
        // Zeroed by the system when touched: each of 255 channels has bitmaps of all memory.
        guard let memory = unsafe calloc(max(1, wordCount), MemoryLayout<UInt64>.stride) else {
            preconditionFailure("no memory for a bitmap of \(pageCount) pages")
        }
        unsafe words = memory.bindMemory(to: UInt64.self, capacity: wordCount)
    }

    deinit {
        unsafe free(words)
    }

    package subscript(page: Int) -> Bool {
        precondition(page >= 0 && page < pageCount)
        return unsafe words[page / 64] & (1 << UInt64(page % 64)) != 0
    }

    /// Sets the bits of a range.
    ///
    /// - Returns: how many of them were clear before.
    @discardableResult
    package mutating func insert(_ pages: Range<Int>) -> Int {
        precondition(pages.lowerBound >= 0 && pages.upperBound <= pageCount)
        var added = 0
        forEachWord(in: pages) { word, mask in
            added += (mask & ~(unsafe words[word])).nonzeroBitCount
            // Here and below not `|=`: 6.3's compiler crashes over it under thread sanitizer.
            unsafe words[word] = words[word] | mask
        }
        population += added
        return added
    }

    package mutating func removeAll() {
        guard population > 0 else { return }
        unsafe words.update(repeating: 0, count: wordCount)
        population = 0
    }

    /// The first set bit at or after `page`, or nil.
    package func firstPage(atOrAfter page: Int) -> Int? {
        guard page < pageCount else { return nil }
        var index = page / 64
        var word = unsafe words[index] & (~0 << UInt64(page % 64))
        while word == 0 {
            index += 1
            guard index < wordCount else { return nil }
            word = unsafe words[index]
        }
        return index * 64 + word.trailingZeroBitCount
    }

    /// Takes set bits at or after `page`, at most a batch of them, in ascending order, and clears them.
    ///
    /// Clearing comes before anybody reads the pages: a write in between sets the bit again, and the page is sent again.
    /// Cleared afterwards, the bit of a write that came too late to be read would be lost.
    ///
    /// - Returns: how many were taken, and where to go on, nil when no bit at or after `page` is set any more.
    package mutating func takePages(from page: Int, into pages: inout BatchPages) -> (count: Int, next: Int?) {
        var count = 0
        var next = firstPage(atOrAfter: page)
        while let found = next, count < pages.count {
            let index = found / 64
            var word = unsafe words[index] & (~0 << UInt64(found % 64))
            while word != 0, count < pages.count {
                pages[count] = UInt32(truncatingIfNeeded: index * 64 + word.trailingZeroBitCount)
                count += 1
                unsafe words[index] = words[index] & ~(word & (~word &+ 1))
                word &= word &- 1
            }
            next = firstPage(atOrAfter: found)
        }
        population -= count
        return (count, next)
    }

    /// Calls `body` with each run of adjacent set bits, in ascending order.
    package func forEachRun(_ body: (Range<Int>) -> Void) {
        var next = 0
        while let first = firstPage(atOrAfter: next) {
            let end = firstClearPage(atOrAfter: first)
            body(first..<end)
            next = end
        }
    }

    /// Sets every bit that is set in `other`, a bitmap of the same size.
    package mutating func formUnion(_ other: borrowing PageBitmap) {
        precondition(other.pageCount == pageCount)
        var added = 0
        for index in 0..<wordCount {
            added += unsafe (other.words[index] & ~words[index]).nonzeroBitCount
            unsafe words[index] = words[index] | other.words[index]
        }
        population += added
    }

    private func firstClearPage(atOrAfter page: Int) -> Int {
        var index = page / 64
        var word = unsafe ~words[index] & (~0 << UInt64(page % 64))
        while word == 0 {
            index += 1
            guard index < wordCount else { return pageCount }
            word = unsafe ~words[index]
        }
        return min(index * 64 + word.trailingZeroBitCount, pageCount)
    }

    // Safe because the callers have checked the range against pageCount.
    private func forEachWord(in pages: Range<Int>, _ body: (_ word: Int, _ mask: UInt64) -> Void) {
        guard !pages.isEmpty else { return }
        let first = pages.lowerBound / 64
        let last = (pages.upperBound - 1) / 64
        let head: UInt64 = ~0 << UInt64(pages.lowerBound % 64)
        let tail: UInt64 = ~0 >> UInt64(63 - (pages.upperBound - 1) % 64)
        guard first != last else { return body(first, head & tail) }
        body(first, head)
        for word in first + 1..<last { body(word, ~0) }
        body(last, tail)
    }
}
