package import Multifd
import Rainbow

/// What a person reads when a migration has ended: a table of iterations, one of channels, and the totals.
package struct Report {
    private let info: MigrationInfo

    package init(_ info: MigrationInfo) {
        self.info = info
    }

    package var text: String {
        var sections: [String] = []
        if !info.iterations.isEmpty { sections.append(IterationTable(info.iterations).text) }
        if let leftOut = info.iterationsLeftOut {
            sections.append("(\(leftOut.count.counted("iteration")) in the middle not shown)\n")
        }
        if !info.channels.isEmpty { sections.append(ChannelTable(info.channels).text) }
        let lines = [totals, downtime].compactMap(\.self) + info.throttleDecisions.map(\.line)
        sections.append(lines.joined(separator: "\n"))
        return sections.joined(separator: "\n")
    }

    private var totals: String {
        let ram = info.ram
        var text = "\(info.status.rawValue.bold) in \(info.totalTime.people)"
        if info.verified { text += ", verified".green }
        text += ": \(ByteCount(rawValue: ram.total).rounded) of RAM"
        text += ", \(ByteCount(rawValue: ram.transferred).rounded) sent"
        text += " at \(ByteRate(rawValue: Int(ram.mbps * 1_000_000 / 8)).rounded)"
        let pages = ram.duplicate + ram.normal
        if pages > 0 { text += ", \(ram.duplicate * 100 / pages) % zero pages" }
        if let ratio = info.compressionRatio { text += ", the others compressed \((ratio * 100).rounded() / 100):1" }
        if let speed = info.guest?.speed { text += ", guest speed meanwhile \(Int(speed.rounded())) %" }
        return text
    }

    private var downtime: String? {
        guard let downtime = info.downtime else { return nil }
        var text = "downtime \(downtime.people)"
        if let limit = info.parameters?.downtimeLimit {
            text += " of \(limit.people) allowed"
            text = downtime <= limit ? text.green : text.red
        }
        if let parts = info.downtimeBreakdown {
            text += ": pause \(parts.pause.people), final sync \(parts.finalSync.people)"
            text += ", final iteration \(parts.finalIteration.people), device state \(parts.deviceState.people)"
            text += ", commit \(parts.commit.people), resume \(parts.resume.people)"
        }
        return text
    }
}
