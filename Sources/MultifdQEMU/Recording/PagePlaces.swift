import Multifd
import Synchronization

/// Where in a recording's content each page of a RAMBlock stands. Between two parts of a stream a page belongs to one
/// thread; a source that sends one on two channels at once spoils its recording, and nothing else.
@safe
final class PagePlaces: @unchecked Sendable {  // all access is atomic
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

    /// Fresh memory is zero, which is a valid atomic word.
    private var places: UnsafeMutablePointer<Atomic<Int>> {
        unsafe mapping.start.assumingMemoryBound(to: Atomic<Int>.self)
    }

    /// Nil for a page that never came; 0 for one that is zero.
    subscript(page: Int) -> Int? {
        precondition(page >= 0 && page < pageCount)
        let place = unsafe places[page].load(ordering: .relaxed)
        return place == 0 ? nil : place - 1
    }

    func set(_ page: Int, _ place: Int) {
        precondition(page >= 0 && page < pageCount)
        unsafe places[page].store(place + 1, ordering: .relaxed)
    }
}
