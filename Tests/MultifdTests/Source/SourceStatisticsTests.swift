import Testing

@testable import Multifd

@Suite struct SourceStatisticsTests {
    @Test(arguments: [
        (250, 100, "in the last iteration the guest dirtied"),
        (350, 100, "hashing what the guest wrote last takes 100 ms of a downtime-limit of 300 ms"),
        (401, 100, "in the last iteration the guest dirtied"),
        (700, 600, "hashing what the guest wrote last takes 600 ms"),
    ])
    func `what keeps the expected downtime above the limit is named`(
        expected: Int, verification: Int, reason: String
    ) {
        var statistics = SourceStatistics()
        statistics.beginIteration(TransferCounts(), nil)
        statistics.endIteration(TransferCounts(), nil)
        statistics.expectedDowntime = .milliseconds(expected)
        statistics.switchoverOverhead = SwitchoverOverhead(verification: .milliseconds(verification))
        #expect(statistics.reasonForNonConvergence(downtimeLimit: .milliseconds(300)).hasPrefix(reason))
    }

    @Test func `of very many iterations a report lists the first and the last, and sums up the others`() throws {
        var statistics = SourceStatistics()
        let total = 100_000
        for _ in 0..<total {
            statistics.beginIteration(TransferCounts(), nil)
            statistics.endIteration(TransferCounts(), nil)
            statistics.endSync(dirtiedPages: 1, pending: 2, duration: .zero, isWithinIteration: false)
        }
        let info = statistics.info(status: .active, counts: TransferCounts(), pending: 0, ramByteCount: 0)
        let leftOut = try #require(info.iterationsLeftOut)
        let firstCount = 4000
        #expect((2 * firstCount...10_000).contains(info.iterations.count))
        #expect(info.iterations.prefix(firstCount).map(\.iteration) == Array(1...firstCount))
        #expect(info.iterations.dropFirst(firstCount).map(\.iteration) == Array(firstCount + leftOut.count + 1...total))
        #expect(info.iterations.allSatisfy { $0.remaining == 2 * Page.byteCount })
        #expect(info.bytesDirtiedAgain == total * Page.byteCount)
        #expect(statistics.iterations.count == total)
    }

    @Test func `a limit below what a switchover costs without a page is named`() {
        var statistics = SourceStatistics()
        statistics.beginIteration(TransferCounts(), nil)
        statistics.endIteration(TransferCounts(), nil)
        statistics.switchoverOverhead = SwitchoverOverhead(commit: .milliseconds(4), verification: .seconds(1))
        #expect(
            statistics.reasonForNonConvergence(downtimeLimit: .milliseconds(3))
                == "the switchover takes 4 ms without a single page, and downtime-limit is 3 ms: set a longer one")
    }
}
