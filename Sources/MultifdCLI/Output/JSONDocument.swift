import FoundationEssentials
import Multifd
import SystemPackage

/// What `--json` prints: one document on standard output.
package struct JSONDocument {
    private let data: Data

    /// The names and their order are the same in every run.
    package init(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        data = try encoder.encode(value)
    }

    package var text: String { String(decoding: data, as: UTF8.self) }

    func print() throws {
        try FileDescriptor.standardOutput.writeAll("\(text)\n".utf8)
    }
}
