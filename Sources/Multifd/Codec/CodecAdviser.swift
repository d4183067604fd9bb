import Glibc
import Synchronization

/// What all channels of a migration learn together about codecs on their link. Channels that each learn on their own
/// disagree: one that sends everything as it is takes the link from those that compress, which then seem to gain nothing.
package final class CodecAdviser: Sendable {
    // Not a Mutex, whose lock thread sanitizer cannot see on Linux.
    private let chooser: Condition<CodecChooser>
    private let current: Atomic<Int>
    private let limiter: BandwidthLimiter

    /// - Parameter channelCount: channels of the migration.
    package init(channelCount: Int, limiter: BandwidthLimiter) {
        let coreCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let chooser = CodecChooser(
            channelCount: channelCount, coreCount: coreCount, limit: limiter.bytesPerSecond)
        current = Atomic(chooser.mode.rawValue)
        self.chooser = Condition(chooser)
        self.limiter = limiter
    }

    /// The mode for packets that are worth compressing.
    package var mode: CodecChooser.Mode {
        CodecChooser.Mode(rawValue: current.load(ordering: .relaxed)) ?? .none
    }

    /// Learns from a packet, unless another channel is at it: no channel waits here, and one packet more or less does not
    /// matter.
    package func record(_ packet: CodecChooser.Measurement) {
        _ = chooser.withLockIfAvailable { chooser in
            chooser.record(packet, limit: limiter.bytesPerSecond)
            current.store(chooser.mode.rawValue, ordering: .relaxed)
        }
    }
}
