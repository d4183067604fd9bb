import Multifd
import MultifdQEMU
import TextTable

/// What a person reads about a snapshot.
struct SnapshotReport {
    private let manifest: SnapshotManifest
    private let isVerified: Bool

    /// - Parameter isVerified: whether all hashes have been compared.
    init(_ manifest: SnapshotManifest, isVerified: Bool) {
        self.manifest = manifest
        self.isVerified = isVerified
    }

    var text: String {
        let recording = manifest.recording.map { [Self.text(of: $0)] } ?? []
        // A table ends with an end of line.
        var parts = [([summary] + guest + recording).joined(separator: "\n") + "\n", blocks]
        if let sections = manifest.qemu?.deviceSections, !sections.isEmpty { parts.append(Self.table(of: sections)) }
        return parts.joined(separator: "\n")
    }

    private var summary: String {
        let size = manifest.ramBlocks.reduce(0) { $0 + $1.size }
        return "\(ByteCount(rawValue: size).rounded) of RAM, "
            + "\(ByteCount(rawValue: manifest.deviceState.size).rounded) of device state, saved \(manifest.created), "
            + (isVerified ? "intact" : "not verified")
    }

    private var guest: [String] {
        guard let machine = manifest.qemu else {
            return manifest.configuration.map { $0.isEmpty ? [] : ["guest: \($0.escapingControlCharacters)"] } ?? []
        }
        var lines = ["machine: \(machine.machine)"]
        lines += (machine.sourceVersion.map { ["QEMU \($0)"] } ?? machine.sourceHints).map { "source: \($0)" }
        if machine.multifdChannels > 0 {
            lines.append(
                "channels: \(machine.multifdChannels), compression \(machine.multifdCompression), "
                    + "meeting by \(machine.syncMode.rawValue)")
        }
        if !machine.capabilities.isEmpty {
            lines.append("capabilities: \(machine.capabilities.joined(separator: ", "))")
        }
        return lines
    }

    private var blocks: String {
        TextTable<SnapshotBlock> { block in
            [
                Column(title: "RAMBlock", value: block.name),
                .number("size", ByteCount(rawValue: block.size).rounded),
                .number("normal", block.normal),
                .number("zero", block.duplicate - block.neverSentCount),
                .number("never sent", block.neverSentCount),
                Column(title: "hash", value: block.hash),
                Column(title: "file", value: block.file),
            ]
        }.string(for: manifest.ramBlocks, style: Simple.self) ?? ""
    }

    /// A recording can have thousands of iterations: all of them are in the manifest.
    private static func text(of recording: SnapshotRecording) -> String {
        let iterations = recording.iterations
        let time = iterations.reduce(0) { $0 + $1.microseconds }
        let rewritten = iterations.dropFirst().reduce(0) { $0 + $1.pageCount }
        let unchanged = iterations.dropFirst().reduce(0) { $0 + $1.unchanged }
        return "recording: \(iterations.count.counted("iteration")) in \(Duration.microseconds(time).people), "
            + "\(rewritten.counted("page")) after the first, \(unchanged) of them unchanged, "
            + "\(ByteCount(rawValue: recording.pages.size + recording.index.size).rounded)"
    }

    private static func table(of sections: [DeviceSection]) -> String {
        TextTable<DeviceSection> { section in
            [
                Column(title: "device", value: section.name),
                .number("instance", section.instance),
                .number("version", section.version),
                .number("size", ByteCount(rawValue: section.size).rounded),
            ]
        }.string(for: sections, style: Simple.self) ?? ""
    }
}
