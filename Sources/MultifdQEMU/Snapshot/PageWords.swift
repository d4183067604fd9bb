import Multifd
import Synchronization

/// A word for each page of a RAMBlock, 0 at first. Those of pages that keep theirs cost no memory.
///
/// Between two parts of a stream a page belongs to one thread; a source that sends one on two channels at once spoils its
/// word, and nothing else.
@safe
final class PageWords: @unchecked Sendable {  // all access is atomic
    let pageCount: Int
    private let mapping: MemoryMapping

    init(pageCount: Int) throws(MemoryError) {
        self.pageCount = pageCount
        let byteCount = Page.roundedUp(pageCount * 8)
        do {
            mapping = try MemoryMapping(byteCount: byteCount, backing: .anonymous)
        } catch {
            throw .mappingFailed(name: "a word for each page", byteCount: byteCount, error)
        }
    }

    /// Fresh memory is zero, which is a valid atomic word.
    private var words: UnsafeMutablePointer<Atomic<UInt64>> {
        unsafe mapping.start.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    subscript(page: Int) -> UInt64 {
        get {
            precondition(page >= 0 && page < pageCount)
            return unsafe words[page].load(ordering: .relaxed)
        }
        set {
            precondition(page >= 0 && page < pageCount)
            unsafe words[page].store(newValue, ordering: .relaxed)
        }
    }

    /// XXH3 of all words, in the machine's byte order, when nobody changes them.
    var hash: UInt64 {
        // Safe: the mapping holds a word for each page.
        unsafe Checksum.of(memory: UnsafeRawBufferPointer(start: mapping.start, count: pageCount * 8))
    }
}
