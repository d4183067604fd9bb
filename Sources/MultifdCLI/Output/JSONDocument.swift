import FoundationEssentials
import Multifd

/// What `--json` prints, or writes to a file.
struct JSONDocument {
    private let data: Data

    /// The names and their order are the same in every run.
    init(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        data = try encoder.encode(value)
    }

    var text: String { String(decoding: data, as: UTF8.self) }

    func print() throws(ReportFileError) { try StandardOutput.write("\(text)\n") }

    func write(to path: String) throws(ReportFileError) { try ReportFile(path).replace(with: text) }
}
