import Multifd
import Testing

struct PageFlagsTests {
    @Test(arguments: [1, 63, 64, 4096, 4097])
    func `runs are what was set`(pageCount: Int) throws {
        var generator = SeededGenerator(seed: UInt64(pageCount))
        for density in [0, 0.1, 0.9, 1] {
            let flags = try PageFlags(pageCount: pageCount)
            let model = (0..<pageCount).filter { _ in Double.random(in: 0..<1, using: &generator) < density }
            for page in model.shuffled(using: &generator) { flags.set(page) }
            #expect(flags.runs.flatMap(Array.init) == model)
            // Neighbours are one run.
            #expect(zip(flags.runs, flags.runs.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
            #expect((0..<pageCount).filter { flags[$0] } == model)
        }
    }

    @Test func `threads set neighbouring pages without losing any`() throws {
        let flags = Shared(try PageFlags(pageCount: 8000))
        let threads = (0..<8).map { number in
            WorkerThread(name: "flags-\(number)") {
                for page in stride(from: number, to: 8000, by: 8) { flags.pages.set(page) }
            }
        }
        for thread in threads { thread.join() }
        #expect(flags.pages.runs == [0..<8000])
    }

    private final class Shared: Sendable {
        let pages: PageFlags
        init(_ pages: consuming PageFlags) { self.pages = pages }
    }
}
