import Synchronization

/// The report of a migration that is under way, and what those are told who follow it.
package final class LiveReport: Sendable {
    /// For one consumer.
    package let events: AsyncStream<MigrationEvent>

    private let queue: EventQueue
    private let stored: Mutex<MigrationInfo>

    /// - Parameter eventCount: see ``EventQueue``.
    package init(_ info: MigrationInfo = MigrationInfo(), keeping eventCount: Int) {
        let queue = EventQueue(capacity: eventCount)
        self.queue = queue
        events = AsyncStream(unfolding: { await queue.next() }, onCancel: { queue.end() })
        stored = Mutex(info)
    }

    /// Nobody tells anything any more: a migration that was made and never run.
    deinit { end() }

    /// As it was left.
    package var info: MigrationInfo { stored.withLock { $0 } }

    /// Changes the report without a word.
    package func change(_ change: (inout MigrationInfo) -> Void) { stored.withLock { change(&$0) } }

    /// Changes the report, and tells those who follow.
    ///
    /// - Parameter view: makes of the report what they are shown.
    package func publish(
        _ change: (inout MigrationInfo) -> Void, as view: (MigrationInfo) -> MigrationInfo = { $0 }
    ) {
        let (before, after) = stored.withLock { info in
            let before = info.status
            change(&info)
            return (before, info)
        }
        if before != after.status { tell(.status(after.status)) }
        tell(.progress(view(after)))
    }

    package func tell(_ event: MigrationEvent) { queue.append(event) }

    /// Ends the events.
    package func end() { queue.end() }
}
