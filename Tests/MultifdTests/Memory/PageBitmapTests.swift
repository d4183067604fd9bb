import Multifd
import Testing

/// Against a model that is obviously right: a set of page numbers.
struct PageBitmapTests {
    /// Sizes around the borders of words.
    static let pageCounts = [0, 1, 2, 63, 64, 65, 127, 128, 129, 200]

    private func pages(of bitmap: borrowing PageBitmap) -> Set<Int> {
        var pages: Set<Int> = []
        bitmap.forEachRun { run in
            #expect(pages.isDisjoint(with: run))
            pages.formUnion(run)
        }
        return pages
    }

    private func check(_ bitmap: borrowing PageBitmap, is model: Set<Int>, _ what: @autoclosure () -> String = "") {
        let found = pages(of: bitmap)
        let population = bitmap.population
        guard found != model || population != model.count else { return }
        Issue.record("\(found.sorted()), population \(population), instead of \(model.sorted()): \(what())")
    }

    private func make(_ pageCount: Int, _ pages: some Sequence<Int>) -> PageBitmap {
        var bitmap = PageBitmap(pageCount: pageCount)
        for page in pages { bitmap.insert(page..<page + 1) }
        return bitmap
    }

    @Test(arguments: pageCounts)
    func `every range is inserted exactly`(pageCount: Int) {
        for lower in 0...pageCount {
            for upper in lower...pageCount {
                var bitmap = PageBitmap(pageCount: pageCount)
                #expect(bitmap.insert(lower..<upper) == upper - lower)
                check(bitmap, is: Set(lower..<upper), "insert \(lower)..<\(upper)")
                #expect(bitmap.insert(lower..<upper) == 0)
            }
        }
    }

    @Test func `every subset of ten pages is walked in order`() {
        for bits in 0..<1024 {
            let model = (0..<10).filter { bits >> $0 & 1 == 1 }
            // Across the border between two words.
            var bitmap = make(70, model.map { $0 + 58 })
            for page in 0...70 {
                #expect(bitmap.firstPage(atOrAfter: page) == model.map { $0 + 58 }.first { $0 >= page })
            }
            check(bitmap, is: Set(model.map { $0 + 58 }))
            var taken = BatchPages(repeating: 0)
            let (count, next) = bitmap.takePages(from: 0, into: &taken)
            #expect((0..<count).map { Int(taken[$0]) } == model.map { $0 + 58 })
            #expect(next == nil)
            #expect(bitmap.population == 0)
        }
    }

    @Test func `pages are taken once each, in order, at most 128 at a time, from any place on`() {
        var generator = SeededGenerator(seed: 2)
        for round in 0..<300 {
            let pageCount = Int.random(in: 1...2000, using: &generator)
            let density = [0.001, 0.1, 0.5, 0.95, 1][round % 5]
            let model = (0..<pageCount).filter { _ in Double.random(in: 0..<1, using: &generator) < density }
            var bitmap = make(pageCount, model)
            let start = Int.random(in: 0...pageCount, using: &generator)
            let wanted = model.filter { $0 >= start }

            var taken: [Int] = []
            var next: Int? = start
            while let from = next {
                var pages = BatchPages(repeating: 0)
                let (count, following) = bitmap.takePages(from: from, into: &pages)
                taken += (0..<count).map { Int(pages[$0]) }
                #expect(count == min(128, wanted.count - (taken.count - count)))
                next = following
            }
            #expect(taken == wanted)
            check(bitmap, is: Set(model.filter { $0 < start }))
        }
    }

    @Test func `any sequence of changes leaves what the model holds`() {
        var generator = SeededGenerator(seed: 4)
        for pageCount in Self.pageCounts.dropFirst() {
            var bitmap = PageBitmap(pageCount: pageCount)
            var model: Set<Int> = []
            for _ in 0..<500 {
                let bounds = [0, 0].map { _ in Int.random(in: 0...pageCount, using: &generator) }.sorted()
                let range = bounds[0]..<bounds[1]
                switch Int.random(in: 0..<5, using: &generator) {
                case 0, 1:
                    #expect(bitmap.insert(range) == Set(range).subtracting(model).count)
                    model.formUnion(range)
                case 2:
                    var pages = BatchPages(repeating: 0)
                    let (count, _) = bitmap.takePages(from: range.lowerBound, into: &pages)
                    model.subtract((0..<count).map { Int(pages[$0]) })
                case 3:
                    let other = range.filter { $0 % 3 == 0 }
                    bitmap.formUnion(make(pageCount, other))
                    model.formUnion(other)
                default:
                    bitmap.removeAll()
                    model = []
                }
                check(bitmap, is: model)
                for page in range { #expect(bitmap[page] == model.contains(page)) }
            }
        }
    }
}
