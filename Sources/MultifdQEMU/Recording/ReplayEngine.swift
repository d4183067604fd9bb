import Multifd
import Synchronization

/// Plays a recording: by the clock, on a thread of its own, or step by step when a sync asks for it.
final class ReplayEngine: @unchecked Sendable {  // the player belongs to the thread, or to whoever syncs
    private let speed: ReplaySpeed
    private let player: ReplayPlayer
    private let schedule: ReplaySchedule
    private let state: Condition<State>

    private struct State: Sendable {
        var phase = Phase.idle
        var throttle = ThrottlePercentage.off
        var clock: ReplayClock
        var isWriting = false
        var failure: MemoryError?
        var begin: MonotonicTime?
        /// When all was written that the clock commands, since the beginning.
        var end: Duration?
        /// Changes with each order.
        var order = 0
    }

    private enum Phase { case idle, running, paused, shutDown }

    /// What the thread does next.
    private enum Step {
        case write(Int)
        case wait(until: MonotonicTime?, order: Int)
        case end
    }

    /// Sleeps are no shorter: the kernel's timers are not more precise than that is worth.
    private static let shortestSleep = Duration.milliseconds(1)

    init(_ player: ReplayPlayer, _ iterations: [SnapshotRecording.Iteration], speed: ReplaySpeed) {
        self.player = player
        self.speed = speed
        schedule = ReplaySchedule(iterations)
        state = Condition(State(clock: ReplayClock(at: .now)))
    }

    // MARK: Orders

    /// The guest begins to write: when its writes begin to be logged.
    func begin() {
        give { state in
            guard state.phase == .idle else { return }
            state.phase = .running
            state.begin = .now
            noteEnd(&state)
        }
    }

    func resume() { give { if $0.phase == .paused { $0.phase = .running } } }

    /// Returns when nothing is written any more.
    func pause() throws(MemoryError) {
        give { if $0.phase != .shutDown { $0.phase = .paused } }
        let _: Void? = state.wait { $0.isWriting ? nil : () }
        try check()
    }

    /// Whether syncs still have something to play.
    var hasSteps: Bool { speed == .synced && !player.isAtEnd }

    /// See ``RecordedGuest``.
    var end: Duration? { state.withLock(\.end) }

    /// Ends the thread.
    func shutDown() { give { $0.phase = .shutDown } }

    func setThrottle(_ percentage: ThrottlePercentage) { give { $0.throttle = percentage } }

    /// Called at the beginning of each sync.
    func sync() throws(MemoryError) {
        try check()
        guard speed == .synced, state.withLock({ $0.phase == .running }) else { return }
        try player.writeIteration()
    }

    private func check() throws(MemoryError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    private func give(_ change: (inout State) -> Void) {
        state.withLock { state in
            change(&state)
            state.order += 1
            state.clock.setRate(rate(state), at: .now)
        }
    }

    private func rate(_ state: borrowing State) -> Double {
        guard state.phase == .running, case .times(let factor) = speed else { return 0 }
        return factor * Double(100 - state.throttle.rawValue) / 100
    }

    // MARK: The thread's side

    /// Plays until it is shut down.
    func run() {
        while true {
            switch state.withLock({ next(&$0) }) {
            case .write(let count):
                let failure = write(count)
                state.withLock { state in
                    state.isWriting = false
                    state.failure = state.failure ?? failure
                    noteEnd(&state)
                }
            case .wait(let deadline, let order):
                let _: Void? = state.wait(until: deadline) { $0.order == order ? nil : () }
            case .end: return
            }
        }
    }

    private func next(_ state: inout State) -> Step {
        guard state.phase != .shutDown else { return .end }
        guard state.phase == .running, state.failure == nil, speed != .synced, !player.isAtEnd else {
            return .wait(until: nil, order: state.order)
        }
        let span = schedule.spans[player.iteration - 1]
        let now = MonotonicTime.now
        let count = span.pageCount(at: state.clock.position(at: now)) - player.pageCount
        guard count > 0 else {
            let due = state.clock.time(of: span.time(ofPage: player.pageCount))
            return .wait(until: due.map { max($0, now + Self.shortestSleep) }, order: state.order)
        }
        state.isWriting = true
        return .write(min(count, ReplayPlayer.stepPageCount))
    }

    /// Called by whoever may use the player.
    private func noteEnd(_ state: inout State) {
        guard speed != .synced, player.isAtEnd, state.end == nil, let begin = state.begin else { return }
        state.end = MonotonicTime.now.since(begin)
    }

    private func write(_ count: Int) -> MemoryError? {
        do { try player.write(count) } catch { return error }
        return nil
    }
}
