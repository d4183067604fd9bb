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

    @Test func `a report with very many iterations is made less often`() {
        var statistics = SourceStatistics()
        #expect(statistics.publishingInterval == .milliseconds(100))
        for _ in 0..<100_000 {
            statistics.beginIteration(TransferCounts(), nil)
            statistics.endIteration(TransferCounts(), nil)
        }
        #expect(statistics.publishingInterval == .milliseconds(300))
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
