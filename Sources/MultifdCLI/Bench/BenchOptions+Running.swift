import Multifd

extension BenchOptions {
    /// Runs all cases, shows what they took, and writes the files that were asked for.
    ///
    /// - Parameters:
    ///   - resumes: whether runs that are in the JSON file already are kept, and not done again.
    ///   - advise: adds what follows from the summaries, and returns it as text.
    ///   - measureMore: adds what is to be measured beside them, by the same pair, and returns it as text.
    func run(
        _ name: String, _ cases: [BenchCase], resumes: Bool = false,
        advising advise: (inout BenchDocument) -> [String] = { _ in [] },
        measuring measureMore: (inout BenchDocument, MigrationPair) throws -> String? = { _, _ in nil }
    ) throws {
        try checkInput()
        for path in [json, csv].compactMap(\.self) { try ReportFile(path).check() }
        var document = BenchDocument(
            benchmark: name, input: input, arguments: commonArguments + deltaArguments, machine: .current)
        let done = resumes ? try json.map { try document.earlierRuns(in: $0) } ?? [] : []
        let lifeline = try Lifeline()
        let interrupt = try Interrupt { lifeline.cut() }
        defer { interrupt.stop() }
        let pair = MigrationPair(
            input: input, arguments: commonArguments, deltaArguments: deltaArguments, lifeline: lifeline)
        let benchmark = Benchmark(pair: pair, cases: cases, rounds: runs)
        document.runs = done
        do {
            document.runs = try benchmark.run(continuing: done) { runs in
                document.runs = runs
                try write(document, of: benchmark, isComplete: false)
            }
        } catch {
            // What is not replaced has got nothing so far.
            if document.runs.count > done.count { try write(document, of: benchmark) }
            throw error
        }
        // The file keeps all that was ever measured for it.
        let asked = document.runs.filter(benchmark.includes)
        let failures = asked.compactMap(\.error)
        guard failures.count < asked.count else {
            try write(document, of: benchmark)
            throw BenchError.allFailed(reason: failures.first ?? "there was none")
        }
        let advice = advise(&document)
        try tell(([BenchTable(BenchSummary.all(of: asked)).text] + advice).joined(separator: "\n"))
        // The comparison is complete, whatever becomes of this.
        let more = Result { try measureMore(&document, pair) }
        try write(document, of: benchmark)
        if let text = try more.get() { try tell("\n\(text)") }
        if let first = asked.first(where: { $0.error != nil }), let reason = first.error {
            throw BenchError.someFailed(count: failures.count, first: "\(first.benchCase) because \(reason)")
        }
    }

    /// What is not replaced gets the document once.
    private func write(_ document: BenchDocument, of benchmark: Benchmark, isComplete: Bool = true) throws {
        func write(_ text: @autoclosure () throws -> String, to path: String) throws {
            let file = ReportFile(path)
            if isComplete || file.isReplaceable { try file.replace(with: text()) }
        }
        if let json { try write(JSONDocument(document).text, to: json) }
        if let csv { try write(BenchCSV(document.runs.filter(benchmark.includes)).text, to: csv) }
    }

    /// Standard output belongs to a document that goes there.
    private func tell(_ text: String) throws {
        guard ![json, csv].compactMap(\.self).contains(where: { ReportFile($0).isStandardOutput }) else { return }
        try StandardOutput.writeLine(text)
    }
}
