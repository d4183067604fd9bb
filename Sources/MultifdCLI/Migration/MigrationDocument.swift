package import Multifd

/// What `--json` prints of a migration: the report, and what this process took.
package struct MigrationDocument: Codable, Hashable, Sendable {
    package var info: MigrationInfo
    package var process: ProcessUsage

    package init(info: MigrationInfo, process: ProcessUsage) {
        self.info = info
        self.process = process
    }

    private enum CodingKeys: CodingKey {
        case process
    }

    package init(from decoder: any Decoder) throws {
        info = try MigrationInfo(from: decoder)
        process = try decoder.container(keyedBy: CodingKeys.self).decode(ProcessUsage.self, forKey: .process)
    }

    package func encode(to encoder: any Encoder) throws {
        try info.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(process, forKey: .process)
    }
}
