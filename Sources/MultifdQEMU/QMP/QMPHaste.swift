import Multifd
import Synchronization

/// How much less than its deadline a command may take once nobody wants to wait any more.
final class QMPHaste: Sendable {
    private enum State {
        case none
        case hurried(since: MonotonicTime)
        case stopped
    }

    private let state = Mutex(State.none)

    /// What answers at all answers within this.
    private static let time = Duration.seconds(5)

    /// From now on commands have little time, the one under way as well.
    func hurry() {
        state.withLock { state in if case .none = state { state = .hurried(since: .now) } }
    }

    /// From now on no answer is awaited.
    func stop() { state.withLock { $0 = .stopped } }

    /// When to give up what was begun at `start` and may take until `end`.
    func end(of start: MonotonicTime, _ end: MonotonicTime) -> MonotonicTime {
        switch state.withLock({ $0 }) {
        case .none: end
        case .hurried(let since): min(end, max(start, since) + Self.time)
        case .stopped: start
        }
    }
}
