import Multifd
import MultifdCLI
import Testing

@Suite struct LinkAdviceTests {
    private let none = BenchMode(.none)
    private let fast = BenchMode(.zstd, level: -5)
    private let dense = BenchMode(.zstd, level: 3)

    @Test func `modes break even where the larger one has just left the link when the slower one is done`() {
        let advice = LinkAdvice([(none, 1000, 1), (fast, 500, 2), (dense, 400, 8)])
        #expect(advice.steps.map(\.mode) == [dense, fast, none])
        #expect(advice.steps.map(\.upTo) == [500 / 8, 1000 / 2, nil])
    }

    /// The times that the formula is made of, computed the long way round.
    @Test func `at every speed the advised mode takes the least time`() throws {
        let measured = [(none, 1000.0, 1.0), (fast, 500.0, 2.0), (dense, 400.0, 8.0), (BenchMode(.zlib), 450, 2.5)]
        let advice = LinkAdvice(measured)
        for speed in stride(from: 10.0, through: 3000, by: 7.3) {
            func time(_ entry: (BenchMode, Double, Double)) -> Double { max(entry.2, entry.1 / speed) }
            let step = try #require(advice.steps.first { speed <= $0.upTo ?? .infinity })
            let chosen = try #require(measured.first { $0.0 == step.mode })
            #expect(measured.allSatisfy { time(chosen) <= time($0) * 1.0001 }, "at \(speed)")
        }
    }

    @Test func `a mode that another beats in bytes and time is never advised`() {
        let advice = LinkAdvice([(none, 1000, 1), (dense, 1100, 2)])
        #expect(advice.steps == [LinkAdvice([(none, 1000, 1)]).steps[0]])
    }

    private func summaries(_ measured: [(mode: BenchMode, link: Int, byteCount: Int, seconds: Double)])
        -> [BenchSummary]
    {
        BenchSummary.all(
            of: measured.map { entry in
                .fixture(
                    BenchCase(channels: 4, mode: entry.mode, link: entry.link), seconds: entry.seconds,
                    transferred: entry.byteCount)
            })
    }

    @Test func `auto and runs with a limit take no part, however good they look`() throws {
        let measured = summaries([
            (none, 0, 1000, 1), (dense, 0, 400, 8), (BenchMode(.auto), 0, 300, 0.5),
            (BenchMode(.auto, deltas: true), 0, 200, 0.5), (fast, 50, 100, 0.1),
        ])
        let advice = try #require(LinkAdvice(measured, isLive: false))
        #expect(advice == LinkAdvice([(none, 1000, 1), (dense, 400, 8)]))
        #expect(advice.steps.map(\.mode) == [dense, none])
    }

    @Test func `nothing is computed for a guest that writes`() {
        #expect(LinkAdvice(summaries([(none, 0, 1000, 1), (dense, 0, 400, 8)]), isLive: true) == nil)
    }
}
