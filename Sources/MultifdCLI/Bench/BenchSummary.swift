/// What the runs of one case say together: the ``Spread`` of each of the ``BenchFigures``, under its name.
@dynamicMemberLookup
package struct BenchSummary: Sendable {
    package let benchCase: BenchCase
    private let figures: [BenchFigures]

    /// Nil when no run of the case counts.
    private init?(_ benchCase: BenchCase, _ figures: [BenchFigures]) {
        guard !figures.isEmpty else { return nil }
        self.benchCase = benchCase
        self.figures = figures
    }

    package subscript(dynamicMember figure: KeyPath<BenchFigures, Double>) -> Spread {
        Spread(ofNonempty: figures.map { $0[keyPath: figure] })
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
}

extension BenchSummary: Encodable {
    private struct Key: CodingKey, ExpressibleByStringLiteral {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init(stringLiteral: String) { stringValue = stringLiteral }
        init?(intValue: Int) { nil }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(benchCase, forKey: "case")
        try container.encode(figures.count, forKey: "runs")
        for figure in BenchFigure.all {
            try container.encode(self[dynamicMember: figure.value], forKey: Key(stringValue: figure.name))
        }
    }
}
