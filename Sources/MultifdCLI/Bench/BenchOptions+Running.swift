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
            try write(document, isComplete: false)
        }
        let failures = document.runs.compactMap(\.error)
        guard failures.count < document.runs.count else {
            try write(document)
            throw BenchError.allFailed(reason: failures.first ?? "there was none")
        }
        let advice = try advise(&document)
        try write(document)
        let text = ([BenchTable(document.summaries).text] + advice).joined(separator: "\n")
        if !isOutputTaken { try StandardOutput.writeLine(text) }
        if let first = document.runs.first(where: { $0.error != nil }), let reason = first.error {
            throw BenchError.someFailed(count: failures.count, first: "\(first.benchCase) because \(reason)")
        }
    }

    /// What is not replaced gets the document once.
    private func write(_ document: BenchDocument, isComplete: Bool = true) throws {
        func write(_ text: @autoclosure () throws -> String, to path: String) throws {
            let file = ReportFile(path)
            if isComplete || file.isReplaceable { try file.replace(with: text()) }
        }
        if let json { try write(JSONDocument(document).text, to: json) }
        if let csv { try write(BenchCSV(document.runs).text, to: csv) }
    }

    /// Standard output belongs to a document that goes there.
    private var isOutputTaken: Bool { [json, csv].compactMap(\.self).contains { ReportFile($0).isStandardOutput } }
}
