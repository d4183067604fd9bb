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
                    Column(title: "iteration", value: iteration.iteration, align: .right),
                    Column(title: "pages", value: iteration.pages, align: .right),
                    Column(title: "zero", value: iteration.duplicate, align: .right),
                    Column(title: "sent", value: ByteCount(rawValue: iteration.transferred).rounded, align: .right),
                    Column(title: "time", value: Duration.milliseconds(iteration.duration).people, align: .right),
                    Column(title: "dirtied", value: ByteCount(rawValue: iteration.bytesDirtied).rounded, align: .right),
                    Column(title: "left", value: ByteCount(rawValue: iteration.remaining).rounded, align: .right),
                    Column(title: "throttle", value: "\(iteration.throttle) %", align: .right),
                ]
            }.string(for: selected, style: Simple.self) ?? ""
        let hidden = iterations.count - selected.count
        return hidden > 0 ? table + "(\(hidden) iterations in the middle are not shown)\n" : table
    }

    private var totals: String {
        let region = scenario.guest.regions.map {
            "\(ByteCount(rawValue: $0.byteCount).rounded) rewritten at "
                + ByteRate(rawValue: Int(min($0.writeRate, 1e15))).rounded
        }
        return "\(report.status.rawValue) in \(Duration.milliseconds(report.totalTime).people), downtime "
            + "\(Duration.milliseconds(report.downtime).people) of "
            + "\(Duration.milliseconds(report.downtimeLimit).people) allowed, "
            + "\(ByteCount(rawValue: report.transferred).rounded) sent in \(report.iterationCount) iterations and "
            + "\(report.dirtySyncCount) syncs, throttle at most \(report.highestThrottle) %, guest work lost "
            + "\(Duration.milliseconds(report.workLost).people)\n"
            + "model: \(ByteCount(rawValue: scenario.guest.ramByteCount).rounded) of RAM, "
            + "\(region.joined(separator: ", ")), link \(ByteRate(rawValue: Int(scenario.link.wireRate)).rounded)"
    }
}

extension ThrottleDecision {
    /// For people: when, and why.
    var line: String { "after \(time.people): \(reason)" }
}
