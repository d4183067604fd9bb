import Multifd
import MultifdSimulator
import TextTable

/// What a person reads of a simulated migration.
struct SimulationText {
    private let report: SimulationReport
    private let scenario: Scenario

    init(_ report: SimulationReport, scenario: Scenario) {
        self.report = report
        self.scenario = scenario
    }

    var text: String {
        ([table] + report.throttleDecisions.map(\.line) + [totals, report.reason].compactMap(\.self))
            .joined(separator: "\n")
    }

    /// The first iterations and the last; between them little happens.
    private var table: String {
        let shown = 12
        let iterations = report.iterations
        let selected = iterations.count <= 2 * shown ? iterations : iterations.prefix(shown) + iterations.suffix(shown)
        let table =
            TextTable<SimulationReport.Iteration> { iteration in
                [
                    .number("iteration", iteration.iteration),
                    .number("pages", iteration.pages),
                    .number("zero", iteration.duplicate),
                    .number("sent", ByteCount(rawValue: iteration.transferred).rounded),
                    .number("time", Duration.milliseconds(iteration.duration).people),
                    .number("dirtied", ByteCount(rawValue: iteration.bytesDirtied).rounded),
                    .number("left", ByteCount(rawValue: iteration.remaining).rounded),
                    .number("throttle", "\(iteration.throttle) %"),
                ]
            }.string(for: selected, style: Simple.self) ?? ""
        let hidden = iterations.count - selected.count
        return hidden > 0 ? table + "(\(hidden.counted("iteration")) in the middle not shown)\n" : table
    }

    private var totals: String {
        let region = scenario.guest.regions.map {
            "\(ByteCount(rawValue: $0.byteCount).rounded) rewritten at "
                + ByteRate(rawValue: Int(saturating: min($0.writeRate, 1e15))).rounded
                + ($0.isRateLowerBound ? " or more" : "")
        }
        return "\(report.status.rawValue) in \(Duration.milliseconds(report.totalTime).people), downtime "
            + "\(Duration.milliseconds(report.downtime).people) of "
            + "\(Duration.milliseconds(report.downtimeLimit).people) allowed, "
            + "\(ByteCount(rawValue: report.transferred).rounded) sent in \(report.iterationCount.counted("iteration")) and "
            + "\(report.dirtySyncCount.counted("sync")), throttle at most \(report.highestThrottle) %, guest work lost "
            + "\(Duration.milliseconds(report.workLost).people)\n"
            + "model: \(ByteCount(rawValue: scenario.guest.ramByteCount).rounded) of RAM, "
            + "\(region.joined(separator: ", ")), "
            + "link \(ByteRate(rawValue: Int(saturating: scenario.link.wireRate)).rounded)"
    }
}
