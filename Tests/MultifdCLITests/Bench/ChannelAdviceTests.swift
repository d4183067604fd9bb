import Multifd
import MultifdCLI
import Testing

@Suite struct ChannelAdviceTests {
    private func summary(
        _ channels: Int, seconds: Double, source: Double = 0, destination: Double = 0, link: Int = 0,
        decodingShare: Double = 0
    ) throws -> BenchSummary {
        let benchCase = BenchCase(channels: channels, mode: BenchMode(.none), link: link)
        let run = BenchRun.fixture(
            benchCase, seconds: seconds, source: source, destination: destination, decodingShare: decodingShare)
        return try #require(BenchSummary.all(of: [run]).first)
    }

    @Test func `the smallest number within five percent of the best is advised`() throws {
        let summaries = [try summary(1, seconds: 2), try summary(2, seconds: 1.04), try summary(8, seconds: 1)]
        let advice = try #require(ChannelAdvice(summaries, coreCount: 2))
        #expect(advice.channels == 2)
        #expect(advice.reason.contains("96 % of the best, which takes 8"))
    }

    @Test func `what limits is told`() throws {
        func limit(_ summary: BenchSummary) -> ChannelAdvice.Limit? { ChannelAdvice([summary], coreCount: 2)?.limit }
        #expect(limit(try summary(1, seconds: 1, source: 1.2, destination: 0.7)) == .sourceCPU)
        #expect(limit(try summary(1, seconds: 1, source: 0.5, destination: 1.4)) == .destinationCPU)
        #expect(limit(try summary(1, seconds: 1, source: 0.2, destination: 0.2)) == .waiting)
        #expect(limit(try summary(1, seconds: 1, source: 0.95, destination: 0.6)) == .sourceCPU)
        #expect(limit(try summary(2, seconds: 1, source: 0.95, destination: 0.6)) == .waiting)
        #expect(limit(try summary(1, seconds: 1, source: 0.2, destination: 1, decodingShare: 0.95)) == .destinationCPU)
        #expect(limit(try summary(1, seconds: 10, source: 1.2, destination: 0.7, link: 110_000_000)) == .link)
    }
}
