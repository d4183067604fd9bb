import Synchronization

/// One byte a page of a RAMBlock, which any thread may set and read.
@safe
package struct PageFlags: ~Copyable, @unchecked Sendable {  // all access is atomic
    package let pageCount: Int
    private let mapping: MemoryMapping

    /// No page is set.
    package init(pageCount: Int) throws(MemoryError) {
        self.pageCount = pageCount
        let byteCount = Page.roundedUp(pageCount)
        do {
            mapping = try MemoryMapping(byteCount: byteCount, backing: .anonymous)
        } catch {
            throw .mappingFailed(name: "the page flags", byteCount: byteCount, error)
        }
    }

    /// Fresh memory is zero, which is a valid atomic byte.
    private var flags: UnsafeMutablePointer<Atomic<UInt8>> {
        unsafe mapping.start.assumingMemoryBound(to: Atomic<UInt8>.self)
    }

    package subscript(page: Int) -> Bool {
        precondition(page >= 0 && page < pageCount)
        return unsafe flags[page].load(ordering: .relaxed) != 0
    }

    package func set(_ page: Int) {
        precondition(page >= 0 && page < pageCount)
        unsafe flags[page].store(1, ordering: .relaxed)
    }

    package func clear(_ page: Int) {
        precondition(page >= 0 && page < pageCount)
        unsafe flags[page].store(0, ordering: .relaxed)
    }

    /// The runs of set pages, in ascending order.
    package var runs: [Range<Int>] { runs(where: { self[$0] }) }

    /// The runs of pages that fulfil a condition, in ascending order.
    package func runs(where condition: (Int) -> Bool) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start: Int?
        for page in 0...pageCount {
            let isSet = page < pageCount && condition(page)
            if isSet, start == nil { start = page }
            if !isSet, let first = start {
                runs.append(first..<page)
                start = nil
            }
        }
        return runs
    }
}
