/// What the codecs of one channel, or of all, have done so far.
package struct CodecCounts: Sendable {
    private var counts: [PacketCodec: CodecInfo] = [:]
    /// With `multifd-compression auto`, at the source.
    package var decisions: CodecDecisionsInfo?

    package init() {}

    /// Counts a payload.
    package mutating func add(_ codec: PacketCodec, bytesIn: Int, bytesOut: Int, time: Duration) {
        var info = CodecInfo()
        info.packets = 1
        info.bytesIn = bytesIn
        info.bytesOut = bytesOut
        info.encodingTime = time
        counts[codec, default: CodecInfo()] += info
    }

    package static func += (total: inout CodecCounts, part: CodecCounts) {
        for (codec, info) in part.counts { total.counts[codec, default: CodecInfo()] += info }
        guard let decisions = part.decisions else { return }
        total.decisions = total.decisions ?? CodecDecisionsInfo()
        total.decisions? += decisions
    }

    /// The report: nothing when there is no codec.
    package func info(_ compression: MultifdCompression, level: Int?) -> [String: CodecInfo] {
        guard compression != .none else { return [:] }
        var report: [String: CodecInfo] = [:]
        for (codec, info) in counts { report["\(codec)"] = info }
        if compression == .auto {
            guard let decisions, decisions.incompressible > 0 else { return report }
            report["\(PacketCodec.zstd)", default: CodecInfo()].rawFallbacks = decisions.incompressible
        } else {
            report["\(compression.packetCodec)", default: CodecInfo()].level = level
        }
        return report
    }
}
