import Multifd
import TextTable

/// One line an iteration. Columns in which nothing happened are left out.
struct IterationTable {
    private let iterations: [IterationInfo]

    init(_ iterations: [IterationInfo]) {
        self.iterations = iterations
    }

    var text: String {
        let deltas = iterations.contains { $0.delta > 0 || $0.unchanged > 0 }
        let throttle = iterations.contains { $0.cpuThrottlePercentage > 0 }
        return TextTable<IterationInfo> { iteration in
            var columns: [Column] = [
                .number("iteration", iteration.iteration),
                .number("pages", iteration.pages),
                .number("normal", iteration.normal),
                .number("zero", iteration.duplicate),
            ]
            if deltas {
                columns.append(.number("delta", iteration.delta))
                columns.append(.number("unchanged", iteration.unchanged))
            }
            columns += [
                .number("sent", ByteCount(rawValue: iteration.transferred).rounded),
                .number("time", iteration.duration.people),
                .number("rate", ByteRate(rawValue: Int(iteration.mbps * 1_000_000 / 8)).rounded),
                .number("dirtied", ByteCount(rawValue: iteration.bytesDirtied).rounded),
                .number("left", ByteCount(rawValue: iteration.remaining).rounded),
            ]
            if throttle { columns.append(.number("throttle", "\(iteration.cpuThrottlePercentage) %")) }
            return columns
        }.string(for: iterations, style: Simple.self) ?? ""
    }
}
