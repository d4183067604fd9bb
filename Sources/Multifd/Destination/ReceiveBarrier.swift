import Synchronization

/// Where the receive channels meet the destination's main thread at the end of an iteration: what came before a barrier,
/// on any channel, is applied before anything that comes after it.
package final class ReceiveBarrier: Sendable {
    enum Progress: Sendable {
        /// Its connection has not come yet.
        case expected
        /// Has applied everything before its SYNC with this number; 0 before the first.
        case reached(UInt32)
        /// Its connection is gone. The source will send again what it carried since the last barrier.
        case lost(announced: Bool)
        /// It has been taken out of the session.
        case closed

        var isExpected: Bool { if case .expected = self { true } else { false } }
    }

    /// What the main thread finds when it waits.
    package enum Event: Sendable {
        case allReached
        /// A channel is lost that the source has not been told about.
        case lost(channel: Int)
        /// A channel received what it should not have.
        case failed(MigrationError)
    }

    private struct State: Sendable {
        var channels: [Progress]
        var passed: UInt32 = 0
        var failure: MigrationError?
        var isClosed = false

        /// Whether every channel has applied everything before a barrier, or is out of the session.
        func haveReached(_ barrier: UInt32) -> Bool {
            channels.allSatisfy {
                switch $0 {
                case .expected: false
                case .reached(let count): count >= barrier
                case .lost, .closed: true
                }
            }
        }
    }

    private let state: Condition<State>
    /// Not under the lock, because channels ask before each packet.
    private let lastPassed = Atomic(false)

    package init(channelCount: Int) {
        state = Condition(State(channels: Array(repeating: .expected, count: channelCount)))
    }

    /// A barrier for a source that does not say how many channels it has: all that have come by the time of ``settle()``.
    package convenience init() { self.init(channelCount: 256) }

    /// No further channel is expected.
    ///
    /// - Returns: how many there are, or nil when their numbers have gaps.
    package func settle() -> Int? {
        state.withLock { state in
            let count = state.channels.firstIndex(where: \.isExpected) ?? state.channels.count
            guard state.channels[count...].allSatisfy(\.isExpected) else { return nil }
            state.channels.removeSubrange(count...)
            return count
        }
    }

    /// No page may come any more.
    package func passLast() { lastPassed.store(true, ordering: .sequentiallyConsistent) }

    var isLastPassed: Bool { lastPassed.load(ordering: .sequentiallyConsistent) }

    /// All channels that may come, or have come.
    var channelCount: Int { state.read { $0.channels.count } }

    /// Whether a channel has not come yet.
    var isExpecting: Bool { state.read { $0.channels.contains(where: \.isExpected) } }

    /// Called for a channel that has said hello.
    ///
    /// - Returns: false when it has come before, or there is no such channel.
    func join(channel: Int) -> Bool {
        state.withLock { state in
            guard state.channels.indices.contains(channel), case .expected = state.channels[channel] else {
                return false
            }
            state.channels[channel] = .reached(0)
            return true
        }
    }

    /// Called by a channel that has applied everything before its next SYNC. Blocks until all channels have and the
    /// source has said that the iteration is over.
    ///
    /// - Returns: false when the channel is to end.
    func arrive(channel: Int) -> Bool {
        // Of 255 channels each would wake all others, at every barrier.
        let target: UInt32? = state.withLock(waking: { state in
            guard state.channels.indices.contains(channel), case .reached(let count) = state.channels[channel] else {
                return (nil, false)
            }
            state.channels[channel] = .reached(count + 1)
            return (count + 1, state.haveReached(count + 1))
        })
        guard let target else { return false }
        return state.wait { state -> Bool? in
            if state.isClosed || state.failure != nil { return false }
            guard case .reached = state.channels[channel] else { return false }
            return state.passed >= target ? true : nil
        } ?? false
    }

    /// Called by a channel whose connection is gone, and for one that is waited for in vain.
    func lose(channel: Int) {
        state.withLock { state in
            guard state.channels.indices.contains(channel) else { return }
            switch state.channels[channel] {
            case .expected, .reached: state.channels[channel] = .lost(announced: false)
            case .lost, .closed: break
            }
        }
    }

    /// The channels that others wait for at a barrier.
    func channelsMissing(at barrier: UInt32) -> [Int] {
        state.read { state in
            var missing: [Int] = []
            var hasOthers = false
            for (number, progress) in state.channels.enumerated() {
                switch progress {
                case .reached(let count) where count >= barrier: hasOthers = true
                case .expected, .reached: missing.append(number)
                case .lost, .closed: break
                }
            }
            return hasOthers ? missing : []
        }
    }

    /// Called by a channel that received what it should not have.
    package func fail(_ error: MigrationError) {
        state.withLock { $0.failure = $0.failure ?? error }
    }

    package var failure: MigrationError? { state.read { $0.failure } }

    /// Takes a channel out of the session: nothing of it will be applied any more.
    ///
    /// - Returns: false when there is no such channel.
    @discardableResult
    func close(channel: Int) -> Bool {
        state.withLock { state in
            guard state.channels.indices.contains(channel) else { return false }
            state.channels[channel] = .closed
            return true
        }
    }

    /// Ends all channels at their next arrival.
    package func closeAll() { state.withLock { $0.isClosed = true } }

    /// Waits until all channels have applied everything before a barrier, or something else comes up. Returns nil when
    /// the deadline passed first.
    package func wait(for barrier: UInt32, until deadline: MonotonicTime) -> Event? {
        state.wait(until: deadline) { state in
            if let failure = state.failure { return .failed(failure) }
            for case (let channel, .lost(announced: false)) in state.channels.enumerated() {
                state.channels[channel] = .lost(announced: true)
                return .lost(channel: channel)
            }
            return state.haveReached(barrier) ? .allReached : nil
        }
    }

    /// Lets all channels go on.
    package func open(_ barrier: UInt32) { state.withLock { $0.passed = barrier } }
}
