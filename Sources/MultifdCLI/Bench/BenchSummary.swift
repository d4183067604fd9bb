/// What the runs of one case say together.
package struct BenchSummary: Encodable, Sendable {
    package let benchCase: BenchCase
    package let runs: Int
    package let totalTime: Spread
    package let throughput: Spread
    package let downtime: Spread
    package let transferred: Spread
    package let ratio: Spread
    package let iterations: Spread
    package let sourceCPU: Spread
    package let destinationCPU: Spread
    package let sourceMemory: Spread
    package let destinationMemory: Spread
    package let balance: Spread
    package let encodingShare: Spread
    package let decodingShare: Spread

    /// Nil when no run of the case counts.
    package init?(_ benchCase: BenchCase, _ figures: [BenchFigures]) {
        func spread(_ value: (BenchFigures) -> Double) -> Spread? { Spread(figures.map(value)) }
        guard let totalTime = spread(\.totalTime), let throughput = spread(\.throughput),
            let downtime = spread(\.downtime), let transferred = spread(\.transferred), let ratio = spread(\.ratio),
            let iterations = spread(\.iterations), let sourceCPU = spread(\.sourceCPU),
            let destinationCPU = spread(\.destinationCPU), let sourceMemory = spread(\.sourceMemory),
            let destinationMemory = spread(\.destinationMemory), let balance = spread(\.balance),
            let encodingShare = spread(\.encodingShare), let decodingShare = spread(\.decodingShare)
        else { return nil }
        self.benchCase = benchCase
        runs = figures.count
        self.totalTime = totalTime
        self.throughput = throughput
        self.downtime = downtime
        self.transferred = transferred
        self.ratio = ratio
        self.iterations = iterations
        self.sourceCPU = sourceCPU
        self.destinationCPU = destinationCPU
        self.sourceMemory = sourceMemory
        self.destinationMemory = destinationMemory
        self.balance = balance
        self.encodingShare = encodingShare
        self.decodingShare = decodingShare
    }

    /// One summary a case, in the order of the cases' first runs.
    package static func all(of runs: [BenchRun]) -> [BenchSummary] {
        var cases: [BenchCase] = []
        var figures: [BenchCase: [BenchFigures]] = [:]
        for run in runs {
            if figures[run.benchCase] == nil { cases.append(run.benchCase) }
            figures[run.benchCase, default: []] += [run.figures].compactMap(\.self)
        }
        return cases.compactMap { BenchSummary($0, figures[$0] ?? []) }
    }

    private enum CodingKeys: String, CodingKey {
        case benchCase = "case"
        case runs, throughput, downtime, transferred, ratio, iterations, balance
        case totalTime = "total-time"
        case sourceCPU = "source-cpu"
        case destinationCPU = "destination-cpu"
        case sourceMemory = "source-memory"
        case destinationMemory = "destination-memory"
        case encodingShare = "encoding-share"
        case decodingShare = "decoding-share"
    }
}
