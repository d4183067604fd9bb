/// One byte a page of a RAMBlock. Different threads may set different pages without a lock, because bytes, unlike
/// bits, are memory locations of their own.
@safe
package struct PageFlags: ~Copyable, @unchecked Sendable {  // a page belongs to one batch an iteration
    package let pageCount: Int
    private let mapping: MemoryMapping

    /// No page is set.
    package init(pageCount: Int) throws(MemoryError) {
        self.pageCount = pageCount
        let byteCount = (pageCount + Page.byteCount - 1) & ~(Page.byteCount - 1)
        do {
            mapping = try MemoryMapping(byteCount: byteCount, backing: .anonymous)
        } catch {
            throw .mappingFailed(name: "the page flags", byteCount: byteCount, error)
        }
    }

    package subscript(page: Int) -> Bool {
        precondition(page >= 0 && page < pageCount)
        return unsafe mapping.start.load(fromByteOffset: page, as: UInt8.self) != 0
    }

    package func set(_ page: Int) {
        precondition(page >= 0 && page < pageCount)
        unsafe mapping.start.storeBytes(of: 1, toByteOffset: page, as: UInt8.self)
    }

    package func clear(_ page: Int) {
        precondition(page >= 0 && page < pageCount)
        unsafe mapping.start.storeBytes(of: 0, toByteOffset: page, as: UInt8.self)
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
