/// Where the channels meet the coordinator at the end of an iteration.
///
/// A channel arrives when its SYNC packet is out, and goes on when the destination has applied everything before it.
/// The coordinator waits for all channels, but never for one that is lost.
final class BarrierGate: Sendable {
    enum Progress: Sendable {
        /// Making its connection.
        case connecting
        /// Sending; has passed the barrier with this number.
        case sending(after: UInt32)
        /// Has sent its SYNC for this barrier.
        case arrived(at: UInt32)
        /// Its thread has ended, or is about to.
        case lost(MigrationError)

        var isLost: Bool { if case .lost = self { true } else { false } }
    }

    private struct State: Sendable {
        var channels: [Progress]
        var passed: UInt32 = 0
        var isClosed = false

        var hasConnecting: Bool {
            for case .connecting in channels { return true }
            return false
        }

        /// Whether every channel has arrived at a barrier or is lost.
        func isComplete(_ barrier: UInt32) -> Bool {
            channels.allSatisfy {
                switch $0 {
                case .arrived(at: let reached): reached >= barrier
                case .connecting, .sending: false
                case .lost: true
                }
            }
        }
    }

    private let state: Condition<State>

    init(channelCount: Int) {
        state = Condition(State(channels: Array(repeating: .connecting, count: channelCount)))
    }

    /// Called by a channel that is connected.
    func join(channel: Int) {
        state.withLock(waking: { state in
            if case .connecting = state.channels[channel] { state.channels[channel] = .sending(after: 0) }
            return ((), !state.hasConnecting)
        })
    }

    /// Waits until no channel is connecting any more. Returns nil when the deadline passed first.
    func waitForConnections(until deadline: MonotonicTime) -> [Progress]? {
        state.wait(until: deadline) { $0.hasConnecting ? nil : $0.channels }
    }

    /// Called by a channel whose SYNC is out. Blocks until the barrier is passed.
    ///
    /// - Returns: false when the channel is to end.
    func arrive(channel: Int, at barrier: UInt32) -> Bool {
        // Of 255 channels each would wake all others, at every barrier.
        let goOn = state.withLock(waking: { state in
            guard case .sending = state.channels[channel] else { return (false, false) }
            state.channels[channel] = .arrived(at: barrier)
            return (true, state.isComplete(barrier))
        })
        guard goOn else { return false }
        return state.wait { state -> Bool? in
            if state.isClosed { return false }
            guard case .arrived = state.channels[channel] else { return false }
            guard state.passed >= barrier else { return nil }
            state.channels[channel] = .sending(after: barrier)
            return true
        } ?? false
    }

    /// Called by a channel that cannot go on, or by the coordinator for one that the destination has lost.
    func lose(channel: Int, _ error: MigrationError) {
        state.withLock { state in
            if !state.channels[channel].isLost { state.channels[channel] = .lost(error) }
        }
    }

    /// Lets all channels that arrived go on.
    func open(_ barrier: UInt32) {
        state.withLock { $0.passed = barrier }
    }

    /// Whether a barrier is behind all channels.
    func isPassed(_ barrier: UInt32) -> Bool { state.read { $0.passed >= barrier } }

    /// Ends all channels at their next arrival.
    func close() {
        state.withLock { $0.isClosed = true }
    }

    /// Waits until every channel has arrived at a barrier or is lost.
    ///
    /// - Returns: how each channel stands, or nil when the deadline passed first.
    func waitForAll(at barrier: UInt32, until deadline: MonotonicTime) -> [Progress]? {
        state.wait(until: deadline) { $0.isComplete(barrier) ? $0.channels : nil }
    }

    /// The channels that others wait for at a barrier.
    func channelsMissing(at barrier: UInt32) -> [Int] {
        state.read { state in
            var missing: [Int] = []
            var hasOthers = false
            for (number, progress) in state.channels.enumerated() {
                switch progress {
                case .arrived(at: let reached) where reached >= barrier: hasOthers = true
                case .connecting, .sending, .arrived: missing.append(number)
                case .lost: break
                }
            }
            return hasOthers ? missing : []
        }
    }

    /// How each channel stands.
    var channels: [Progress] { state.read { $0.channels } }
}
