import Multifd

/// Where in a recording's content each page of a RAMBlock stands.
struct PagePlaces {
    /// The place and 1, so that a page that never came is 0.
    private let words: PageWords

    init(pageCount: Int) throws(MemoryError) { words = try PageWords(pageCount: pageCount) }

    /// Nil for a page that never came; 0 for one that is zero.
    subscript(page: Int) -> Int? {
        let word = words[page]
        return word == 0 ? nil : Int(word) - 1
    }

    func set(_ page: Int, _ place: Int) { words[page] = UInt64(place) + 1 }
}
