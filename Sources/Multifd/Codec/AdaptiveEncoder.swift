/// `multifd-compression auto` on one channel: sends each payload as it is or through zstd, at the level that pays.
package final class AdaptiveEncoder {
    /// How the next payload goes.
    package enum Choice: Equatable, Sendable {
        case raw
        /// Through zstd. When the level has changed the stream starts anew, and the peer must know.
        case zstd(startsAnew: Bool)
    }

    /// Nil until a payload is worth compressing: a channel that never compresses needs no memory for it.
    package private(set) var zstd: ZstdEncoder?
    private let adviser: CodecAdviser
    private var level: Int?
    /// What the next payload would go as if it looked compressible, and what the last one did go as.
    private var advised: CodecChooser.Mode
    private var used = CodecChooser.Mode.none
    /// Whether the last payload looked incompressible, and whether such looks were right when they were last checked.
    private var looksIncompressible = false
    private var isLookTrusted = true

    /// Of this many payloads that look incompressible the first is compressed all the same, to check.
    private static let checkInterval = 32
    /// A payload that keeps this share of its bytes was not worth compressing.
    private static let worthlessRatio = 0.95

    /// Packets sent in each mode, by ``CodecChooser/Mode/rawValue``.
    private var packetCounts = [Int](repeating: 0, count: CodecChooser.Mode.allCases.count)
    private var changeCount = 0
    private var lookCount = 0
    /// Bytes that the socket held after the last packet.
    private var queuedByteCount = 0
    private var incompressibleCount = 0

    /// - Parameter adviser: shared by the channels of a migration.
    package init(adviser: CodecAdviser) {
        self.adviser = adviser
        advised = adviser.mode
    }

    /// Decides about a payload. What looks incompressible goes as it is.
    package func choose(for payload: RawSpan) throws(CodecError) -> Choice {
        let mode = adviser.mode
        if mode != advised { changeCount += 1 }
        advised = mode
        used = mode
        looksIncompressible = mode != .none && !ContentProbe.isCompressible(payload)
        if looksIncompressible {
            lookCount += 1
            if isLookTrusted, lookCount % Self.checkInterval != 1 {
                incompressibleCount += 1
                used = .none
            }
        }
        packetCounts[used.rawValue] += 1
        guard let wanted = used.zstdLevel else { return .raw }
        guard wanted != level else { return .zstd(startsAnew: false) }
        try begin(wanted)
        return .zstd(startsAnew: true)
    }

    private func begin(_ level: Int) throws(CodecError) {
        if let zstd { try zstd.restart(level: level) } else { zstd = try ZstdEncoder(level: level) }
        self.level = level
    }

    /// Tells the others what became of the payload.
    ///
    /// - Parameters:
    ///   - sending: with the time that the limiter and the socket kept it waiting.
    ///   - queued: bytes that the socket now holds.
    ///   - limit: bytes per second that all channels may send together, 0 for no limit.
    package func record(
        bytesIn: Int, bytesOut: Int, encoding: Duration, sending: Duration, queued: Int, limit: Int
    ) {
        let bytesLeft = bytesOut + queuedByteCount - queued
        queuedByteCount = queued
        // One that looked incompressible says nothing about the mode.
        guard !looksIncompressible else {
            if used != .none { isLookTrusted = Double(bytesOut) > Self.worthlessRatio * Double(bytesIn) }
            return
        }
        adviser.record(
            CodecChooser.Measurement(
                mode: used, bytesIn: bytesIn, bytesOut: bytesOut, bytesLeft: bytesLeft, encoding: encoding.seconds,
                sending: sending.seconds), limit: limit)
    }

    /// What was decided so far.
    package var decisions: CodecDecisionsInfo {
        var info = CodecDecisionsInfo()
        info.changes = changeCount
        info.incompressible = incompressibleCount
        for mode in CodecChooser.Mode.allCases where packetCounts[mode.rawValue] > 0 {
            info.packets[mode.name] = packetCounts[mode.rawValue]
        }
        return info
    }
}
