import Multifd

extension BenchOptions {
    /// Runs all cases, shows what they took, and writes the files that were asked for.
    ///
    /// - Parameters:
    ///   - resumes: whether runs that are in the JSON file already are kept.
    ///   - advise: adds what follows from the summaries, or is to be measured beside them, and returns it as text.
    func run(
        _ name: String, _ cases: [BenchCase], resumes: Bool = false,
        advising advise: (inout BenchDocument) throws -> [String] = { _ in [] }
    ) throws {
        try checkInput()
        for path in [json, csv].compactMap(\.self) { try ReportFile(path).check() }
        var document = BenchDocument(
            benchmark: name, input: input, arguments: commonArguments + deltaArguments, machine: .current)
        let done = resumes ? try json.map { try document.earlierRuns(in: $0) } ?? [] : []
        let benchmark = Benchmark(
            pair: MigrationPair(input: input, arguments: commonArguments, deltaArguments: deltaArguments), cases: cases,
            rounds: runs)
        document.runs = try benchmark.run(continuing: done) { runs in
            document.runs = runs
            try write(document)
        }
        let failures = document.runs.compactMap(\.error)
        guard failures.count < document.runs.count else {
            try write(document)
            throw BenchError.allFailed(reason: failures.first ?? "there was none")
        }
        let advice = try advise(&document)
        try write(document)
        let text = ([BenchTable(document.summaries).text] + advice).joined(separator: "\n")
        try StandardOutput.writeLine(text)
        if let first = document.runs.first(where: { $0.error != nil }), let reason = first.error {
            throw BenchError.someFailed(count: failures.count, first: "\(first.benchCase) because \(reason)")
        }
    }

    private func write(_ document: BenchDocument) throws {
        if let json { try JSONDocument(document).write(to: json) }
        if let csv { try ReportFile(csv).replace(with: BenchCSV(document.runs).text) }
    }
}
