package import Multifd

/// Turns snapshots of a migration into one line for a terminal.
///
/// Its percentage is of the RAM that has arrived once, and never falls: what the guest dirties again is counted beside
/// it, not taken off.
package struct ProgressLine {
    /// The share of RAM that has arrived once, 0...1; kept because a snapshot may count dirtied pages as missing.
    private var arrived = 0.0

    private let isReceiving: Bool

    /// - Parameter isReceiving: whether it is of a destination, which knows what has come, and not what is left.
    package init(isReceiving: Bool = false) { self.isReceiving = isReceiving }

    /// - Parameter width: characters that the line may have. What matters least is left out first.
    package mutating func render(_ info: MigrationInfo, width: Int) -> String {
        arrived = max(arrived, Self.share(of: info))
        var parts = isReceiving ? receivedParts(of: info) : parts(of: info)
        while Self.length(of: parts) > width, let last = parts.indices.max(by: { parts[$0].rank < parts[$1].rank }),
            parts.count > 1
        {
            parts.remove(at: last)
        }
        // The reason of the last decision has what room is left, cut where that is little.
        if let index = parts.firstIndex(where: { !$0.detail.isEmpty }) {
            let room = width - Self.length(of: parts)
            if room >= Self.shortestDetail { parts[index].text += parts[index].detail.cut(to: room) }
        }
        return String(parts.map(\.text).joined(separator: Self.separator).prefix(max(width, 0)))
    }

    /// The line of hashes that are compared, of which such a share is done, 0...1.
    package static func render(comparison share: Double, width: Int) -> String {
        String("comparing hashes\(separator)\(Int(share * 100)) %".prefix(max(width, 0)))
    }

    /// What stays on the terminal, above the line: that no throttle will do, and what would.
    package static func notice(of event: MigrationEvent) -> String? {
        guard case .throttle(let decision) = event, decision.from == decision.to else { return nil }
        return decision.line
    }

    /// A piece of the line; ranks tell which goes first when there is no room, the highest.
    private struct Part {
        let rank: Int
        var text: String
        /// What is said behind it where there is room.
        var detail = ""
    }

    /// Fewer characters say nothing.
    private static let shortestDetail = 10

    private static let separator = "  "

    private static func length(of parts: [Part]) -> Int {
        parts.reduce(0) { $0 + $1.text.count } + separator.count * max(parts.count - 1, 0)
    }

    private static func share(of info: MigrationInfo) -> Double {
        // Before the first iteration nothing is marked as to be sent, and nothing has been.
        guard info.ram.total > 0, info.ram.iterationCount > 0 else { return 0 }
        guard info.ram.iterationCount == 1 else { return 1 }
        return min(max(1 - Double(info.ram.remaining) / Double(info.ram.total), 0), 1)
    }

    private func receivedParts(of info: MigrationInfo) -> [Part] {
        let status = Part(rank: 1, text: info.status.rawValue)
        let ram = info.ram
        guard ram.transferred > 0 else { return [status] }
        var parts = [
            Part(rank: 0, text: "\(ByteCount(rawValue: ram.transferred).rounded) received"),
            Part(rank: 2, text: ByteRate(rawValue: Int(ram.mbps * 1_000_000 / 8)).rounded),
            status,
        ]
        // Without channels QEMU does not say where one ends.
        if ram.iterationCount > 0 {
            parts.insert(Part(rank: 3, text: ram.iterationCount.counted("iteration")), at: 0)
        }
        return parts
    }

    private func parts(of info: MigrationInfo) -> [Part] {
        guard info.ram.iterationCount > 0 else { return [Part(rank: 0, text: info.status.rawValue)] }
        let ram = info.ram
        var parts = [
            Part(rank: 2, text: "iteration \(ram.iterationCount)"),
            // Rounded down: 100 % is said when it is so.
            Part(rank: 0, text: "\(Int(arrived * 100)) %"),
            Part(rank: 1, text: "\(ByteCount(rawValue: ram.remaining).rounded) left"),
        ]
        if info.bytesDirtiedAgain > 0 {
            parts.append(Part(rank: 8, text: "\(ByteCount(rawValue: info.bytesDirtiedAgain).rounded) dirtied again"))
        }
        parts.append(Part(rank: 3, text: ByteRate(rawValue: Int(ram.mbps * 1_000_000 / 8)).rounded))
        if let ratio = info.compressionRatio {
            parts.append(Part(rank: 7, text: "\((ratio * 100).rounded() / 100):1"))
        }
        if ram.dirtyPagesRate > 0 {
            let rate = ByteRate(rawValue: ram.dirtyPagesRate * ram.pageSize)
            parts.append(Part(rank: 6, text: "dirties \(rate.rounded)"))
        }
        if let decision = info.throttleDecisions.last(where: { $0.from != $0.to }) {
            parts.append(Part(rank: 4, text: decision.change, detail: ": \(decision.brief)"))
        } else if let percentage = info.cpuThrottlePercentage {
            parts.append(Part(rank: 4, text: "throttled \(percentage) %"))
        }
        if let downtime = info.expectedDowntime {
            parts.append(Part(rank: 9, text: "downtime \(downtime.millisecondsRoundedUp) ms"))
        }
        // While the guest runs, when it will have moved; from then on, what is being done.
        parts.append(Part(rank: 5, text: info.forecast?.description ?? info.status.rawValue))
        return parts
    }
}

extension String {
    /// At most that many characters, with an ellipsis in place of what is missing.
    fileprivate func cut(to count: Int) -> String {
        self.count <= count ? self : prefix(count - 1) + "…"
    }
}
