import Multifd
import TextTable

/// One line a case: medians, and how far the total times lie apart.
struct BenchTable {
    private let summaries: [BenchSummary]

    init(_ summaries: [BenchSummary]) {
        self.summaries = summaries
    }

    var text: String {
        let hasLinks = summaries.contains { $0.benchCase.link > 0 }
        let isLive = summaries.contains { $0.iterations.maximum > 1 }
        return TextTable<BenchSummary> { summary in
            var columns: [Column] = [
                .number("channels", summary.benchCase.channels),
                Column(title: "mode", value: "\(summary.benchCase.mode)"),
            ]
            if hasLinks { columns.append(.number("link", summary.benchCase.linkText)) }
            columns += [
                .number("time", Self.seconds(summary.totalTime.median)),
                .number(
                    "from ... to",
                    "\(Self.seconds(summary.totalTime.minimum)) ... \(Self.seconds(summary.totalTime.maximum))"),
                .number("RAM", Self.rate(summary.throughput.median)),
                .number("on the wire", ByteCount(rawValue: Int(saturating: summary.transferred.median)).rounded),
                .number("ratio", (summary.ratio.median * 100).rounded() / 100),
            ]
            if isLive {
                columns += [
                    .number("downtime", Duration.milliseconds(Int(saturating: summary.downtime.median)).people),
                    .number("iterations", Int(saturating: summary.iterations.median)),
                ]
            }
            columns += [
                .number("CPU s/GiB", Self.pair(summary.sourceCPU.median, summary.destinationCPU.median)),
                .number(
                    "memory",
                    ByteCount(rawValue: Int(saturating: summary.sourceMemory.median)).rounded + " / "
                        + ByteCount(rawValue: Int(saturating: summary.destinationMemory.median)).rounded),
                .number("balance", "\(Int(saturating: (summary.balance.median * 100).rounded())) %"),
            ]
            return columns
        }.string(for: summaries, style: Simple.self) ?? ""
    }

    private static func seconds(_ seconds: Double) -> String { Duration.seconds(seconds).people }
    private static func rate(_ rate: Double) -> String { ByteRate(rawValue: Int(saturating: rate)).rounded }

    /// Source and destination.
    private static func pair(_ source: Double, _ destination: Double) -> String {
        "\((source * 100).rounded() / 100) / \((destination * 100).rounded() / 100)"
    }
}
