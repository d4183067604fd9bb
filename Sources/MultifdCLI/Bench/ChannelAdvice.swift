import Multifd

/// How many channels to use, and why not more.
package struct ChannelAdvice: Encodable, Hashable, Sendable {
    /// What more channels would wait for.
    package enum Limit: String, Codable, Sendable {
        case sourceCPU = "source CPU"
        case destinationCPU = "destination CPU"
        case link
        /// Neither a core nor the link is full.
        case waiting

        fileprivate var reason: String {
            switch self {
            case .sourceCPU, .destinationCPU, .link: "what limits it is the \(rawValue)"
            case .waiting: "neither a core nor the link is full: it waits for memory at first touch, or for its peer"
            }
        }
    }

    package let mode: BenchMode
    package let channels: Int
    package let limit: Limit
    package let reason: String

    /// Fewer channels that reach this share of the best throughput are as good.
    private static let asGood = 0.95
    /// A link or a core that is used to this share is full.
    private static let full = 0.9

    /// - Parameters:
    ///   - summaries: those of one mode and link.
    ///   - coreCount: of the machine that ran both ends.
    package init?(_ summaries: [BenchSummary], coreCount: Int) {
        guard let best = summaries.max(by: { $0.throughput.median < $1.throughput.median }),
            let chosen = summaries.filter({ $0.throughput.median >= Self.asGood * best.throughput.median })
                .min(by: { $0.benchCase.channels < $1.benchCase.channels })
        else { return nil }
        mode = chosen.benchCase.mode
        channels = chosen.benchCase.channels
        limit = Self.limit(of: chosen, coreCount: coreCount)
        let share = Int((chosen.throughput.median / best.throughput.median * 100).rounded())
        let speed = ByteRate(rawValue: Int(saturating: chosen.throughput.median)).rounded
        reason =
            chosen.benchCase.channels == best.benchCase.channels
            ? "\(speed), the most of all; \(limit.reason)"
            : "\(speed), \(share) % of the best, which takes \(best.benchCase.channels); \(limit.reason)"
    }

    private static func limit(of summary: BenchSummary, coreCount: Int) -> Limit {
        let time = summary.totalTime.median
        if summary.benchCase.link > 0, summary.transferred.median / time >= full * Double(summary.benchCase.link) {
            return .link
        }
        // Total time and throughput give back how many GiB the CPU times are of.
        let gibibytes = summary.throughput.median * time / Double(1 << 30)
        let source = summary.sourceCPU.median * gibibytes / time
        let destination = summary.destinationCPU.median * gibibytes / time
        if source + destination >= full * Double(coreCount) {
            return source >= destination ? .sourceCPU : .destinationCPU
        }
        // One thread a channel: it may be at its limit while other cores idle.
        let channels = Double(summary.benchCase.channels)
        let busiest = max(source / channels, destination / channels)
        if max(busiest, summary.encodingShare.median, summary.decodingShare.median) >= full {
            return source + summary.encodingShare.median >= destination + summary.decodingShare.median
                ? .sourceCPU : .destinationCPU
        }
        return .waiting
    }
}
