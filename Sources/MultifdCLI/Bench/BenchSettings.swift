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
    init(benchmark: String, input: String, arguments: [String], machine: BenchMachine) {
        values = [
            "benchmark": benchmark, "input": input, "options": arguments.joined(separator: " "),
            "program": machine.version, "kernel": machine.kernel,
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

    /// Sizes and times of what an input's files hold; nil for an input without files.
    private static func content(of input: String) -> String? {
        let manager = FileManager.default
        guard let kind = try? manager.attributesOfItem(atPath: input)[.type] as? FileAttributeType else { return nil }
        let names = kind == .typeDirectory ? (try? manager.contentsOfDirectory(atPath: input).sorted()) ?? [] : [""]
        return names.map { name in
            let attributes = try? manager.attributesOfItem(atPath: name.isEmpty ? input : "\(input)/\(name)")
            let size = attributes?[.size] as? Int ?? 0
            let time = attributes?[.modificationDate] as? Date ?? .distantPast
            return "\(size) bytes of \(time.formatted(.iso8601))"
        }.joined(separator: ", ")
    }
}
