import Synchronization

/// What all channels of a migration learn together about codecs on their link. Channels that each learn on their own
/// disagree: one that sends everything as it is takes the link from those that compress, which then seem to gain nothing.
package final class CodecAdviser: Sendable {
    // Not a Mutex, whose lock thread sanitizer cannot see on Linux.
    private let chooser: Condition<CodecChooser>
    private let current: Atomic<Int>

    /// - Parameters:
    ///   - channelCount: channels of the migration.
    ///   - limit: bytes per second that they may send together, 0 for no limit.
    package init(channelCount: Int, limit: Int) {
        let chooser = CodecChooser(channelCount: channelCount, coreCount: Cores.count, limit: limit)
        current = Atomic(chooser.mode.rawValue)
        self.chooser = Condition(chooser)
    }

    /// The mode for packets that are worth compressing.
    package var mode: CodecChooser.Mode {
        CodecChooser.Mode(rawValue: current.load(ordering: .relaxed)) ?? .none
    }

    /// Learns from a packet, unless another channel is at it: no channel waits here, and one packet more or less does not
    /// matter.
    ///
    /// - Parameter limit: bytes per second that all channels may send together now, 0 for no limit.
    package func record(_ packet: CodecChooser.Measurement, limit: Int) {
        _ = chooser.withLockIfAvailable { chooser in
            chooser.record(packet, limit: limit)
            current.store(chooser.mode.rawValue, ordering: .relaxed)
        }
    }
}
