import FoundationEssentials

/// One row a run: what `--csv FILE` gets.
package struct BenchCSV {
    package static let header = [
        "channels", "mode", "link-bytes-per-second", "round", "total-time-s", "throughput-bytes-per-second",
        "downtime-ms",
        "transferred-bytes", "ratio", "iterations", "source-cpu-s-per-gib", "destination-cpu-s-per-gib",
        "source-memory-bytes", "destination-memory-bytes", "balance", "error",
    ]

    package let text: String

    package init(_ runs: [BenchRun]) {
        text = ([Self.header] + runs.map(Self.row)).map { $0.joined(separator: ",") + "\n" }.joined()
    }

    func write(to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw BenchError.file(path: path, reason: "\(error)")
        }
    }

    private static func row(_ run: BenchRun) -> [String] {
        let place = ["\(run.benchCase.channels)", "\(run.benchCase.mode)", "\(run.benchCase.link)", "\(run.round)"]
        guard let figures = run.figures else {
            return place + [String](repeating: "", count: 11) + [quoted(run.error ?? "")]
        }
        let values = [
            figures.totalTime, figures.throughput, figures.downtime, figures.transferred, figures.ratio,
            figures.iterations, figures.sourceCPU, figures.destinationCPU, figures.sourceMemory,
            figures.destinationMemory, figures.balance,
        ]
        return place + values.map { "\($0)" } + [""]
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
