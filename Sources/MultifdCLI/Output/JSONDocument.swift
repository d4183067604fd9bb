import FoundationEssentials
import Multifd
import SystemPackage

/// What `--json` prints, or writes to a file.
package struct JSONDocument {
    private let data: Data

    /// The names and their order are the same in every run.
    package init(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        data = try encoder.encode(value)
    }

    package var text: String { String(decoding: data, as: UTF8.self) }

    func print() throws(ReportFileError) {
        do {
            try FileDescriptor.standardOutput.writeAll("\(text)\n".utf8)
        } catch {
            throw .unwritable(path: "/dev/stdout", error as? Errno ?? .ioError)
        }
    }

    func write(to path: String) throws(ReportFileError) { try ReportFile(path).replace(with: text) }
}
