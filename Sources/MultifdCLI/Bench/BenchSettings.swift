import FoundationEssentials
import Multifd

/// What must be the same for two runs to be compared: by name, in people's words.
package struct BenchSettings: Codable, Hashable, Sendable {
    package var values: [String: String]

    private static let names = ["benchmark", "input", "content", "options", "program", "kernel", "processor"]

    package init(_ values: [String: String]) { self.values = values }

    /// - Parameters:
    ///   - arguments: what every run gives to `multifd send`.
    ///   - machine: where it runs.
    package init(benchmark: String, input: String, arguments: [String], machine: BenchMachine) {
        values = [
            "benchmark": benchmark, "input": input, "options": arguments.joined(separator: " "),
            "program": "\(machine.version), build \(machine.build)", "kernel": machine.kernel,
            "processor": "\(machine.processor), \(machine.cores) cores",
        ]
        values["content"] = Self.content(of: input)
    }

    package init(from decoder: any Decoder) throws {
        values = try decoder.singleValueContainer().decode([String: String].self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }

    /// The first setting that another benchmark had otherwise.
    package func difference(from other: BenchSettings) -> (name: String, own: String, other: String)? {
        for name in Self.names where values[name] != other.values[name] {
            return (name, values[name] ?? "none", other.values[name] ?? "none")
        }
        return nil
    }

    /// Names, sizes and times of the files that an input's memory comes from; nil for an input without files.
    private static func content(of input: String) -> String? {
        guard let path = (try? SourceGuest(parsing: input))?.path else { return nil }
        let manager = FileManager.default
        guard let names = try? manager.contentsOfDirectory(atPath: path) else { return file(path) }
        return names.filter { !$0.hasPrefix(".") }.sorted()
            .map { "\($0): \(file("\(path)/\($0)") ?? "unreadable")" }.joined(separator: ", ")
    }

    private static func file(_ path: String) -> String? {
        let target = URL(filePath: path).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else { return nil }
        let time = attributes[.modificationDate] as? Date ?? .distantPast
        return "\(attributes[.size] as? Int ?? 0) bytes of \(time.formatted(timeFormat))"
    }

    /// In UTC. What is recorded again within a second is another recording.
    private static let timeFormat = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
