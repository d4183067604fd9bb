import Multifd

/// Where in a recording's content each page of a RAMBlock stands. Different threads may set different pages without a lock.
@safe
final class PagePlaces: @unchecked Sendable {  // between two parts of a stream a page belongs to one thread
    private let pageCount: Int
    /// The place and 1, so that a page that never came, and has cost no memory here, is 0.
    private let mapping: MemoryMapping

    init(pageCount: Int) throws(MemoryError) {
        self.pageCount = pageCount
        let byteCount = (pageCount * 8 + Page.byteCount - 1) & ~(Page.byteCount - 1)
        do {
            mapping = try MemoryMapping(byteCount: byteCount, backing: .anonymous)
        } catch {
            throw .mappingFailed(name: "the places of pages", byteCount: byteCount, error)
        }
    }

    /// Nil for a page that never came; 0 for one that is zero.
    subscript(page: Int) -> Int? {
        precondition(page >= 0 && page < pageCount)
        let place = unsafe mapping.start.load(fromByteOffset: page * 8, as: Int.self)
        return place == 0 ? nil : place - 1
    }

    func set(_ page: Int, _ place: Int) {
        precondition(page >= 0 && page < pageCount)
        unsafe mapping.start.storeBytes(of: place + 1, toByteOffset: page * 8, as: Int.self)
    }
}
