/// One of the ``BenchFigures``, and what it is called in the files that a benchmark writes.
struct BenchFigure: Sendable {
    let value: any KeyPath<BenchFigures, Double> & Sendable
    /// In the JSON document.
    let name: String
    /// In the CSV file; nil for what is not in it.
    let column: String?

    /// All of them, in the order of the CSV file's columns.
    static let all = [
        BenchFigure(\.totalTime, "total-time", unit: "s"),
        BenchFigure(\.throughput, "throughput", unit: "bytes-per-second"),
        BenchFigure(\.downtime, "downtime", unit: "ms"),
        BenchFigure(\.transferred, "transferred", unit: "bytes"),
        BenchFigure(\.ratio, "ratio"),
        BenchFigure(\.iterations, "iterations"),
        BenchFigure(\.sourceCPU, "source-cpu", unit: "s-per-gib"),
        BenchFigure(\.destinationCPU, "destination-cpu", unit: "s-per-gib"),
        BenchFigure(\.sourceMemory, "source-memory", unit: "bytes"),
        BenchFigure(\.destinationMemory, "destination-memory", unit: "bytes"),
        BenchFigure(\.balance, "balance"),
        BenchFigure(\.encodingShare, "encoding-share", hasColumn: false),
        BenchFigure(\.decodingShare, "decoding-share", hasColumn: false),
    ]

    private init(
        _ value: any KeyPath<BenchFigures, Double> & Sendable, _ name: String, unit: String? = nil,
        hasColumn: Bool = true
    ) {
        self.value = value
        self.name = name
        column = hasColumn ? [name, unit].compactMap(\.self).joined(separator: "-") : nil
    }
}
