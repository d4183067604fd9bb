/// One migration of a benchmark.
package struct BenchRun: Codable, Hashable, Sendable {
    package var benchCase: BenchCase
    /// Counted from 1.
    package var round: Int
    /// What the two ends said of it; nil when they could not.
    package var source: MigrationDocument?
    package var destination: MigrationDocument?
    /// Why it does not count.
    package var error: String?

    package init(_ benchCase: BenchCase, round: Int) {
        self.benchCase = benchCase
        self.round = round
    }

    private enum CodingKeys: String, CodingKey {
        case benchCase = "case"
        case round, source, destination, error
    }
}

extension BenchRun {
    /// The figures that are compared; nil for a run that does not count.
    package var figures: BenchFigures? {
        guard error == nil, let source, let destination else { return nil }
        return BenchFigures(source: source, destination: destination)
    }
}
