import Multifd

/// The pages of a RAMBlock that came in a part of a stream.
///
/// A page counts once, even when it came twice: QEMU 7.2 now and then sends one on two channels at once, with what the guest
/// wrote in between. It comes again then, so that it does not matter which of the two is kept.
struct ArrivedPages: ~Copyable {
    private var pages: PageBitmap
    /// Those that do not hold what they held before.
    private var changed: PageBitmap

    init(pageCount: Int) {
        pages = PageBitmap(pageCount: pageCount)
        changed = PageBitmap(pageCount: pageCount)
    }

    mutating func insert(_ range: Range<Int>, isChanged: Bool) {
        pages.insert(range)
        if isChanged { changed.insert(range) }
    }

    /// The runs of these pages, in ascending order; then there are none.
    ///
    /// - Parameter places: where their content is.
    mutating func take(ofBlock block: Int, _ places: PagePlaces) -> [RecordedRun] {
        var runs: [RecordedRun] = []
        pages.forEachRun { range in
            for page in range {
                let place = changed[page] ? places[page] : nil
                let run = RecordedRun(block: block, page: page, content: place)
                if runs.isEmpty || !runs[runs.count - 1].merge(run) { runs.append(run) }
            }
        }
        pages.removeAll()
        changed.removeAll()
        return runs
    }
}
