import Multifd
import Synchronization
import Testing

@Suite("The cache of what was sent")
struct XBZRLECacheTests {
    /// A source's memory and cache, and the destination's memory, which gets what the cache decides.
    @safe
    final class Ends: @unchecked Sendable {  // a page is touched by one thread in an iteration
        let cache: XBZRLECache
        let source: RAMBlock
        let destination: RAMBlock

        init(pageCount: Int, cacheByteCount: Int) throws {
            source = try RAMBlock(name: "ram", byteCount: pageCount * Page.byteCount)
            destination = try RAMBlock(name: "ram", byteCount: pageCount * Page.byteCount)
            let memory = try GuestMemory(blocks: [RAMBlock(name: "rom", byteCount: 3 * Page.byteCount), source])
            cache = try XBZRLECache(of: memory, byteCount: cacheByteCount)
        }

        /// Sends a page. When it is `lost`, the destination never gets it.
        @discardableResult
        func send(_ page: Int, lost: Bool = false, counting counters: inout XBZRLECounters) -> XBZRLECache.Outcome {
            let buffer = CanaryBuffer(count: Page.byteCount)
            var output = unsafe OutputRawSpan(buffer: buffer.output, initializedCount: 0)
            let from = unsafe source.address(ofPage: page)
            let to = unsafe destination.address(ofPage: page)
            let outcome = unsafe cache.delta(
                ofPage: page, inBlock: 1, content: from, into: &output, counting: &counters)
            let count = unsafe output.finalize(for: buffer.output)
            guard !lost else { return outcome }
            switch outcome {
            case .unchanged: break
            case .delta(let byteCount):
                #expect(byteCount == count)
                let delta = Array(buffer.bytes[..<count])
                #expect(throws: Never.self) { try unsafe XBZRLE.decode(delta.span.bytes, into: to) }
            case .overflow, .miss:
                #expect(count == 0)
                unsafe to.copyMemory(from: from, byteCount: Page.byteCount)
            }
            return outcome
        }

        @discardableResult
        func send(_ page: Int) -> XBZRLECache.Outcome {
            var counters = XBZRLECounters()
            return send(page, counting: &counters)
        }

        /// Makes a page zero and sends it as such. When it is `lost`, the destination never gets it.
        func sendZero(_ page: Int, lost: Bool = false) {
            unsafe source.address(ofPage: page).initializeMemory(
                as: UInt8.self, repeating: 0, count: Page.byteCount)
            cache.rememberZero(page: page, inBlock: 1)
            guard !lost else { return }
            unsafe destination.address(ofPage: page).initializeMemory(
                as: UInt8.self, repeating: 0, count: Page.byteCount)
        }

        func write(_ byte: UInt8, to page: Int, at offset: Int = 0) {
            unsafe source.address(ofPage: page).storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
        }

        func fill(_ page: Int, seed: Int) {
            let content = SampleContent.random.bytes(count: Page.byteCount, seed: UInt64(seed))
            unsafe source.address(ofPage: page).copyMemory(from: content, byteCount: Page.byteCount)
        }

        func isSame(_ page: Int) -> Bool {
            let sent = unsafe UnsafeRawBufferPointer(start: source.address(ofPage: page), count: Page.byteCount)
            let got = unsafe UnsafeRawBufferPointer(start: destination.address(ofPage: page), count: Page.byteCount)
            return unsafe sent.elementsEqual(got)
        }
    }

    @Test("First it is filled, then comes nothing, then a delta, and all of that is counted")
    func life() throws {
        let ends = try Ends(pageCount: 4, cacheByteCount: 8 * Page.byteCount)
        var counters = XBZRLECounters()
        ends.cache.beginIteration(1)
        ends.fill(2, seed: 1)
        #expect(ends.send(2, counting: &counters) == .miss)
        ends.cache.beginIteration(2)
        #expect(ends.send(2, counting: &counters) == .unchanged)
        ends.cache.beginIteration(3)
        ends.write(0xEE, to: 2, at: 300)
        #expect(ends.send(2, counting: &counters) == .delta(byteCount: 4))
        ends.fill(2, seed: 9)
        ends.cache.beginIteration(4)
        #expect(ends.send(2, counting: &counters) == .overflow)
        #expect(ends.isSame(2))
        #expect(counters.pages == 3 && counters.unchanged == 1 && counters.overflows == 1)
        #expect(counters.cacheMisses == 0 && counters.bytes == 4 + Page.byteCount)
    }

    @Test("In the last iteration deltas are made, and nothing is remembered")
    func lastIteration() throws {
        let ends = try Ends(pageCount: 4, cacheByteCount: 8 * Page.byteCount)
        var counters = XBZRLECounters()
        ends.cache.beginIteration(1)
        for page in 0..<3 { ends.fill(page, seed: page + 1) }
        for page in 0..<3 { ends.send(page, counting: &counters) }
        ends.cache.beginIteration(2, isLast: true)
        ends.write(0xEE, to: 0, at: 300)
        #expect(ends.send(0, counting: &counters) == .delta(byteCount: 4))
        #expect(ends.send(1, counting: &counters) == .unchanged)
        ends.fill(2, seed: 9)
        #expect(ends.send(2, counting: &counters) == .overflow)
        ends.fill(3, seed: 8)
        for page in 0..<4 {
            ends.write(0xDD, to: page, at: 400)
            // What the cache holds of the others is not what was sent last.
            #expect((ends.send(page, counting: &counters) == .miss) == (page != 1))
            #expect(ends.isSame(page))
        }
    }

    @Test("A cache as large as RAM that was filled never misses")
    func directMapped() throws {
        let ends = try Ends(pageCount: 61, cacheByteCount: 64 * Page.byteCount)
        var counters = XBZRLECounters()
        for iteration in 1...5 {
            ends.cache.beginIteration(iteration)
            for page in 0..<61 {
                ends.write(UInt8(iteration), to: page, at: page)
                ends.send(page, counting: &counters)
            }
        }
        #expect(counters.cacheMisses == 0)
        #expect(counters.pages == 4 * 61)
    }

    @Test("A page used in this iteration or the last keeps its slot, an older one gives it up")
    func eviction() throws {
        // Pages 0 and 1 of the block are pages 3 and 4 of the guest; one slot for all.
        let ends = try Ends(pageCount: 2, cacheByteCount: Page.byteCount)
        ends.fill(0, seed: 1)
        ends.fill(1, seed: 2)
        ends.cache.beginIteration(1)
        ends.send(0)
        #expect(ends.send(1) == .miss)
        ends.cache.beginIteration(2)
        #expect(ends.send(1) == .miss)
        #expect(ends.send(0) == .unchanged)
        ends.cache.beginIteration(3)
        #expect(ends.send(1) == .miss)
        ends.cache.beginIteration(4)
        #expect(ends.send(1) == .miss)
        #expect(ends.send(1) == .unchanged)
        #expect(ends.send(0) == .miss)
    }

    @Test("A page whose batch was lost is sent in full, also one that was lost as a zero page")
    func forgotten() throws {
        let ends = try Ends(pageCount: 2, cacheByteCount: 8 * Page.byteCount)
        var counters = XBZRLECounters()
        for page in 0...1 { ends.fill(page, seed: page) }
        ends.cache.beginIteration(1)
        for page in 0...1 { ends.send(page) }
        ends.cache.beginIteration(2)
        ends.sendZero(0, lost: true)
        ends.write(1, to: 1)
        #expect(ends.send(1, lost: true, counting: &counters) == .delta(byteCount: 3))
        for page in 0...1 {
            ends.cache.forget(page: page, inBlock: 1)
            #expect(ends.send(page) == .miss)
            #expect(ends.isSame(page))
        }
    }

    @Test("What is written to a page that was sent as zero goes as a delta", arguments: [false, true])
    func zeroBase(hadContent: Bool) throws {
        let ends = try Ends(pageCount: 2, cacheByteCount: 8 * Page.byteCount)
        ends.cache.beginIteration(1)
        if hadContent {
            // The slot's memory holds something else than zeros then.
            ends.fill(0, seed: 1)
            ends.send(0)
            ends.cache.beginIteration(2)
        }
        ends.sendZero(0)
        ends.cache.beginIteration(3)
        ends.write(0xEE, to: 0, at: 300)
        #expect(ends.send(0) == .delta(byteCount: 4))
        #expect(ends.isSame(0))
        ends.cache.beginIteration(4)
        ends.write(0xDD, to: 0, at: 300)
        ends.write(0xDD, to: 0, at: 301)
        #expect(ends.send(0) == .delta(byteCount: 5))
        #expect(ends.isSame(0))
    }

    @Test("Where zero pages are not looked for, one that stays zero is unchanged, and remains a base")
    func zeroUnchanged() throws {
        let ends = try Ends(pageCount: 1, cacheByteCount: 8 * Page.byteCount)
        ends.fill(0, seed: 1)
        ends.cache.beginIteration(1)
        ends.send(0)
        ends.cache.beginIteration(2)
        ends.sendZero(0)
        for iteration in 3...5 {
            ends.cache.beginIteration(iteration)
            #expect(ends.send(0) == .unchanged)
        }
        ends.cache.beginIteration(6)
        ends.write(1, to: 0)
        #expect(ends.send(0) == .delta(byteCount: 3))
        #expect(ends.isSame(0))
    }

    @Test("That a zero page fills with new content does not put its slot to sleep")
    func zeroOverflow() throws {
        let ends = try Ends(pageCount: 1, cacheByteCount: 8 * Page.byteCount)
        ends.cache.beginIteration(1)
        ends.sendZero(0)
        for iteration in 2...3 {
            ends.cache.beginIteration(iteration)
            ends.fill(0, seed: iteration)
            #expect(ends.send(0) == .overflow)
            #expect(ends.isSame(0))
        }
        // Two overflows against content in a row would have.
        ends.cache.beginIteration(4)
        ends.write(0xEE, to: 0, at: 300)
        ends.write(0xEF, to: 0, at: 500)
        guard case .delta = ends.send(0) else {
            Issue.record("no delta")
            return
        }
        #expect(ends.isSame(0))
    }

    @Test("A zero page takes a slot only where content would, and in a small cache none before it is in use")
    func zeroEviction() throws {
        let ends = try Ends(pageCount: 2, cacheByteCount: Page.byteCount)
        ends.cache.beginIteration(1)
        ends.sendZero(0)
        ends.cache.beginIteration(2)
        ends.fill(1, seed: 2)
        #expect(ends.send(1) == .miss)
        ends.sendZero(0)
        #expect(ends.send(1) == .unchanged)
        ends.cache.beginIteration(3)
        ends.sendZero(0)
        ends.cache.beginIteration(4)
        ends.sendZero(0)
        ends.write(9, to: 0)
        #expect(ends.send(0) == .delta(byteCount: 3))
        #expect(ends.send(1) == .miss)
        for page in 0...1 { #expect(ends.isSame(page)) }
    }

    @Test("In the last iteration a zero page is forgotten")
    func zeroInLastIteration() throws {
        let ends = try Ends(pageCount: 1, cacheByteCount: 8 * Page.byteCount)
        ends.fill(0, seed: 1)
        ends.cache.beginIteration(1)
        ends.send(0)
        ends.cache.beginIteration(2, isLast: true)
        ends.sendZero(0)
        ends.write(1, to: 0)
        #expect(ends.send(0) == .miss)
        #expect(ends.isSame(0))
    }

    @Test("A resized cache keeps zero pages, too", arguments: [1, 2, 4, 8, 16, 64])
    func resizeWithZeroPages(pageCount: Int) throws {
        let ends = try Ends(pageCount: 13, cacheByteCount: 16 * Page.byteCount)
        ends.cache.beginIteration(1)
        for page in 0..<13 {
            // All content memory is other than zero, here and in the new table.
            ends.fill(page, seed: page)
            ends.send(page)
        }
        ends.cache.beginIteration(2)
        for page in 0..<13 where page % 2 == 0 { ends.sendZero(page) }
        try ends.cache.resize(toByteCount: pageCount * Page.byteCount)
        ends.cache.beginIteration(3)
        var counters = XBZRLECounters()
        for page in 0..<13 {
            ends.write(UInt8(page), to: page, at: page)
            ends.send(page, counting: &counters)
            #expect(ends.isSame(page))
        }
        #expect(counters.pages == min(pageCount, 13))
    }

    @Test("A page that is new each time is left out for longer and longer, and never served from what is old")
    func sleeping() throws {
        let ends = try Ends(pageCount: 1, cacheByteCount: 8 * Page.byteCount)
        var counters = XBZRLECounters()
        for iteration in 1...100 {
            ends.cache.beginIteration(iteration)
            ends.fill(0, seed: iteration)
            ends.send(0, counting: &counters)
            #expect(ends.isSame(0))
        }
        #expect(counters.overflows < 10)
        // Then it calms down: after a sleep of at most 64 iterations deltas are tried again.
        var deltas = 0
        for iteration in 101...300 {
            ends.cache.beginIteration(iteration)
            ends.write(UInt8(truncatingIfNeeded: iteration), to: 0, at: 77)
            if case .delta = ends.send(0) { deltas += 1 }
            #expect(ends.isSame(0))
        }
        #expect(deltas > 100)
    }

    @Test("A cache that is larger than RAM takes no more than RAM needs")
    func sizeBeyondRAM() throws {
        let ends = try Ends(pageCount: 13, cacheByteCount: 1 << 62)
        #expect(ends.cache.byteCount == 1 << 62)
        #expect(ends.cache.isWorthFilling)
        ends.cache.beginIteration(1)
        for page in 0..<13 { ends.send(page) }
        ends.cache.beginIteration(2)
        try ends.cache.resize(toByteCount: 1 << 61)
        #expect(ends.cache.byteCount == 1 << 61)
        for page in 0..<13 { #expect(ends.send(page) == .unchanged) }
    }

    @Test("A resized cache keeps what has room", arguments: [1, 2, 4, 8, 16, 64])
    func resize(pageCount: Int) throws {
        let ends = try Ends(pageCount: 13, cacheByteCount: 16 * Page.byteCount)
        for page in 0..<13 { ends.fill(page, seed: page) }
        ends.cache.beginIteration(1)
        for page in 0..<13 { ends.send(page) }
        try ends.cache.resize(toByteCount: pageCount * Page.byteCount)
        #expect(ends.cache.byteCount == pageCount * Page.byteCount)
        ends.cache.beginIteration(2)
        var counters = XBZRLECounters()
        for page in 0..<13 { ends.send(page, counting: &counters) }
        #expect(counters.unchanged == min(pageCount, 13))
    }

    /// Hands out the pages of an iteration, each to one channel, and collects what the channels have to say.
    final class Iteration: Sendable {
        private let next = Atomic(0)
        // Not a Mutex, whose lock thread sanitizer cannot see on Linux.
        let lost = Condition<[Int]>([])
        let counters = Condition(XBZRLECounters())

        func takePage() -> Int { next.wrappingAdd(1, ordering: .relaxed).oldValue }
    }

    @Test(
        "Channels on colliding pages, through evictions, losses, zero pages and new sizes, never spoil the destination")
    func manyChannels() throws {
        let pageCount = 96
        let ends = try Ends(pageCount: pageCount, cacheByteCount: 16 * Page.byteCount)
        var totals = XBZRLECounters()
        for number in 1...60 {
            if number % 7 == 0 { try ends.cache.resize(toByteCount: (1 << (number / 7)) * Page.byteCount) }
            ends.cache.beginIteration(number)
            let iteration = Iteration()
            let channels = (0..<4).map { channel in
                WorkerThread(name: "channel-\(channel)") {
                    var generator = SeededGenerator(seed: UInt64(number * 10 + channel))
                    var counters = XBZRLECounters()
                    // Pages that share a slot come one after the other, so that channels meet there.
                    while case let turn = iteration.takePage(), turn < pageCount {
                        let page = turn % 6 * 16 + turn / 6
                        var isZero = false
                        switch Int.random(in: 0..<10, using: &generator) {
                        case 0: break
                        case 1: ends.fill(page, seed: Int.random(in: 0..<1000, using: &generator))
                        case 2: isZero = true
                        default: ends.write(UInt8(truncatingIfNeeded: generator.next()), to: page, at: page * 7)
                        }
                        let isLost = Int.random(in: 0..<20, using: &generator) == 0
                        if isZero {
                            ends.sendZero(page, lost: isLost)
                        } else {
                            ends.send(page, lost: isLost, counting: &counters)
                        }
                        if isLost { iteration.lost.withLock { $0.append(page) } }
                    }
                    iteration.counters.withLock { $0 += counters }
                }
            }
            for channel in channels { channel.join() }
            totals += iteration.counters.withLock { $0 }
            // What the destination lacks at the barrier goes again, in full.
            let lost = iteration.lost.withLock { $0 }
            for page in lost { ends.cache.forget(page: page, inBlock: 1) }
            for page in lost { #expect(ends.send(page) == .miss) }
            for page in 0..<pageCount { #expect(ends.isSame(page), "page \(page) in iteration \(number)") }
        }
        // All ways were taken: the test would pass vacuously otherwise.
        #expect(totals.cacheMisses > 100 && totals.pages > 1000 && totals.overflows > 20)
    }
}
