import Foundation
import Multifd
import MultifdCLI
import Testing

@Suite struct BenchSummaryTests {
    private let benchCase = BenchCase(channels: 1, mode: BenchMode(.none))

    @Test func `each figure is the spread of the case's runs`() throws {
        let other = BenchCase(channels: 2, mode: BenchMode(.none))
        let runs: [BenchRun] = [
            .fixture(benchCase, round: 1, seconds: 4), .fixture(other, round: 1, seconds: 7),
            .fixture(benchCase, round: 2, seconds: 1), .fixture(benchCase, round: 3, seconds: 2, decodingShare: 0.5),
        ]
        let summaries = BenchSummary.all(of: runs)
        #expect(summaries.map(\.benchCase) == [benchCase, other])
        let summary = try #require(summaries.first)
        #expect(summary.totalTime == Spread(ofNonempty: [1, 2, 4]))
        #expect(summary.throughput.median == Double(1 << 30) / 2)
        #expect(summary.decodingShare.maximum == 0.5)
    }

    /// Scripts read both.
    @Test func `names in the document and columns in the rows are what they always were`() throws {
        let run = BenchRun.fixture(benchCase, seconds: 2)
        let encoded = try JSONEncoder().encode(BenchSummary.all(of: [run]))
        let document = try #require(try JSONSerialization.jsonObject(with: encoded) as? [[String: Any]])
        #expect(
            document.first?.keys.sorted() == [
                "balance", "case", "decoding-share", "destination-cpu", "destination-memory", "downtime",
                "encoding-share", "iterations", "ratio", "runs", "source-cpu", "source-memory", "throughput",
                "total-time", "transferred",
            ])
        #expect(document.first?["runs"] as? Int == 1)
        let time = try #require(document.first?["total-time"] as? [String: Double])
        #expect(time == ["median": 2, "minimum": 2, "maximum": 2])
        #expect(
            BenchCSV([run]).text == """
                channels,mode,link-bytes-per-second,round,total-time-s,throughput-bytes-per-second,downtime-ms,\
                transferred-bytes,ratio,iterations,source-cpu-s-per-gib,destination-cpu-s-per-gib,source-memory-bytes,\
                destination-memory-bytes,balance,error
                1,none,0,1,2.0,536870912.0,0.0,1073741824.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,

                """)
    }

    @Test func `a run that failed does not count, and its row says why`() throws {
        var run = BenchRun(benchCase, round: 1)
        run.error = "it \"broke\""
        #expect(BenchSummary.all(of: [run]).isEmpty)
        #expect(BenchCSV([run]).text.hasSuffix("\n1,none,0,1,,,,,,,,,,,,\"it \"\"broke\"\"\"\n"))
    }
}
