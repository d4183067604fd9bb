import Multifd
import SystemPackage

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
        let done = resumes ? try json.map { try BenchDocument.runs(in: $0, of: input) } ?? [] : []
        var document = BenchDocument(benchmark: name, input: input, machine: .current, runs: done)
        let benchmark = Benchmark(
            pair: MigrationPair(input: input, arguments: commonArguments), cases: cases, rounds: runs)
        document.runs = try benchmark.run(continuing: done) { runs in
            document.runs = runs
            if resumes { try write(document) }
        }
        let failures = document.runs.compactMap(\.error)
        guard failures.count < document.runs.count else {
            try write(document)
            throw BenchError.allFailed(reason: failures.first ?? "there was none")
        }
        let advice = try advise(&document)
        try write(document)
        let text = ([BenchTable(document.summaries).text] + advice).joined(separator: "\n")
        FileDescriptor.standardOutput.writeLine(text)
        if let first = failures.first { throw BenchError.someFailed(count: failures.count, first: first) }
    }

    private func write(_ document: BenchDocument) throws {
        if let json { try document.write(to: json) }
        if let csv { try BenchCSV(document.runs).write(to: csv) }
    }
}
