/// `multifd-compression auto` on one channel: sends each payload as it is or through zstd, at the level that pays.
package final class AdaptiveEncoder {
    /// How the next payload goes.
    package enum Choice: Equatable, Sendable {
        case raw
        /// Through zstd. When the level has changed the stream starts anew, and the peer must know.
        case zstd(startsAnew: Bool)
    }

    package let zstd: ZstdEncoder
    private var chooser: CodecChooser
    private var level: Int
    private var mode: CodecChooser.Mode

    /// - Parameters: see ``CodecChooser/init(channelCount:coreCount:)``.
    package init(channelCount: Int, coreCount: Int) throws(CodecError) {
        chooser = CodecChooser(channelCount: channelCount, coreCount: coreCount)
        mode = chooser.mode
        level = chooser.mode.zstdLevel ?? 1
        zstd = try ZstdEncoder(level: level)
    }

    /// Decides about a payload.
    ///
    /// - Parameter limit: bytes per second that all channels together may send, 0 for no limit.
    package func choose(for payload: RawSpan, limit: Int) throws(CodecError) -> Choice {
        mode = chooser.chooseMode(isCompressible: ContentProbe.isCompressible(payload), limit: limit)
        guard let wanted = mode.zstdLevel else { return .raw }
        guard wanted != level else { return .zstd(startsAnew: false) }
        try zstd.restart(level: wanted)
        level = wanted
        return .zstd(startsAnew: true)
    }

    /// Learns what became of the payload.
    ///
    /// - Parameter sending: with the time that the limiter and the socket kept it waiting.
    package func record(bytesIn: Int, bytesOut: Int, encoding: Duration, sending: Duration) {
        chooser.record(
            CodecChooser.Measurement(
                mode: mode, bytesIn: bytesIn, bytesOut: bytesOut, encoding: encoding.seconds, sending: sending.seconds))
    }

    /// What was decided so far.
    package var decisions: CodecDecisionsInfo {
        var info = CodecDecisionsInfo()
        info.changes = chooser.changeCount
        info.incompressible = chooser.incompressibleCount
        for mode in CodecChooser.Mode.allCases where chooser.packetCounts[mode.rawValue] > 0 {
            info.packets[mode.name] = chooser.packetCounts[mode.rawValue]
        }
        return info
    }
}
