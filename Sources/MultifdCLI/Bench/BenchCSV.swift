/// One row a run: what `--csv FILE` gets.
package struct BenchCSV {
    private static let figures = BenchFigure.all.filter { $0.column != nil }
    private static let header =
        ["channels", "mode", "link-bytes-per-second", "round"] + figures.compactMap(\.column) + ["error"]

    package let text: String

    package init(_ runs: [BenchRun]) {
        text = ([Self.header] + runs.map(Self.row)).map { $0.joined(separator: ",") + "\n" }.joined()
    }

    private static func row(_ run: BenchRun) -> [String] {
        let place = ["\(run.benchCase.channels)", "\(run.benchCase.mode)", "\(run.benchCase.link)", "\(run.round)"]
        let measured = run.figures
        let values = figures.map { figure in measured.map { "\($0[keyPath: figure.value])" } ?? "" }
        return place + values + [run.error.map(quoted) ?? ""]
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
