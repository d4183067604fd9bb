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
            var columns = [
                Self.column("iteration", iteration.iteration),
                Self.column("pages", iteration.pages),
                Self.column("normal", iteration.normal),
                Self.column("zero", iteration.duplicate),
            ]
            if deltas {
                columns.append(Self.column("delta", iteration.delta))
                columns.append(Self.column("unchanged", iteration.unchanged))
            }
            columns += [
                Self.column("sent", ByteCount(rawValue: iteration.transferred).rounded),
                Self.column("time", iteration.duration.people),
                Self.column("rate", ByteRate(rawValue: Int(iteration.mbps * 1_000_000 / 8)).rounded),
                Self.column("dirtied", ByteCount(rawValue: iteration.bytesDirtied).rounded),
                Self.column("left", ByteCount(rawValue: iteration.remaining).rounded),
            ]
            if throttle { columns.append(Self.column("throttle", "\(iteration.cpuThrottlePercentage) %")) }
            return columns
        }.string(for: iterations, style: Simple.self) ?? ""
    }

    private static func column(_ title: String, _ value: some CustomStringConvertible) -> Column {
        Column(title: title, value: value.description, align: .right)
    }
}
