/// Events on their way to one consumer, who may be slow, or never come. A report says all that those before it said, and can
/// be large: of those that nobody has taken, the last one is kept.
final class EventQueue: Sendable {
    private struct State {
        var events: [MigrationEvent] = []
        var isEnded = false
        var consumer: CheckedContinuation<MigrationEvent?, Never>?
    }

    // Not a Mutex, whose lock thread sanitizer cannot see on Linux.
    private let state = Condition(State())
    private let capacity: Int

    /// - Parameter capacity: of more events that nobody has taken, the oldest are dropped.
    init(capacity: Int) { self.capacity = capacity }

    func append(_ event: MigrationEvent) {
        let consumer = state.withLock { state -> CheckedContinuation<MigrationEvent?, Never>? in
            guard !state.isEnded else { return nil }
            if let consumer = state.consumer.take() { return consumer }
            if event.isProgress { state.events.removeAll(where: \.isProgress) }
            if state.events.count == capacity { state.events.removeFirst() }
            state.events.append(event)
            return nil
        }
        consumer?.resume(returning: event)
    }

    /// Nothing comes after what is there.
    func end() {
        let consumer = state.withLock { state in
            state.isEnded = true
            return state.consumer.take()
        }
        consumer?.resume(returning: nil)
    }

    /// The next event, waited for; nil at the end.
    func next() async -> MigrationEvent? {
        await withCheckedContinuation { consumer in
            let next = state.withLock { state -> MigrationEvent?? in
                guard state.events.isEmpty else { return state.events.removeFirst() }
                guard !state.isEnded else { return .some(nil) }
                precondition(state.consumer == nil, "the events of a migration are for one consumer")
                state.consumer = consumer
                return nil
            }
            if let next { consumer.resume(returning: next) }
        }
    }
}

extension MigrationEvent {
    fileprivate var isProgress: Bool { if case .progress = self { true } else { false } }
}
