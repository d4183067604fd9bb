package import Multifd

/// How a benchmark has pages encoded: a codec, its level, and whether deltas are sent. Written `none`, `zstd:-1`,
/// `auto+deltas`.
package struct BenchMode: Hashable, Sendable {
    package var compression: MultifdCompression
    package var level: Int
    package var deltas: Bool

    private static let deltasSuffix = "+deltas"

    package init(_ compression: MultifdCompression, level: Int? = nil, deltas: Bool = false) {
        self.compression = compression
        self.level = level ?? compression.defaultLevel
        self.deltas = deltas
    }

    package init(parsing text: String) throws(BenchError) {
        deltas = text.hasSuffix(Self.deltasSuffix)
        let codec = deltas ? text.dropLast(Self.deltasSuffix.count) : text[...]
        let parts = codec.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, let compression = MultifdCompression(rawValue: String(name)) else {
            throw .unknownMode(text)
        }
        self.compression = compression
        level = compression.defaultLevel
        guard parts.count == 2 else { return }
        guard compression.levels.count > 1, let level = Int(parts[1]) else { throw .unknownMode(text) }
        guard compression.levels.contains(level) else {
            throw .levelOutOfRange(mode: text, valid: compression.levels)
        }
        self.level = level
    }

    /// Each of these modes without and with deltas.
    static func withDeltas(_ modes: [BenchMode]) -> [BenchMode] {
        modes.flatMap { [$0, BenchMode($0.compression, level: $0.level, deltas: true)] }
    }

    /// What to give to `multifd send`.
    var arguments: [String] {
        var arguments = ["--multifd-compression", compression.rawValue]
        if hasLevels { arguments += ["--multifd-\(compression.rawValue)-level", "\(level)"] }
        if deltas { arguments.append("--xbzrle") }
        return arguments
    }

    private var hasLevels: Bool { compression.levels.count > 1 }
}

extension BenchMode: CustomStringConvertible {
    package var description: String {
        compression.rawValue + (hasLevels ? ":\(level)" : "") + (deltas ? Self.deltasSuffix : "")
    }
}

extension BenchMode: Codable {
    package init(from decoder: any Decoder) throws {
        self = try BenchMode(parsing: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
