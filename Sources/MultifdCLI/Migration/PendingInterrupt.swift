import Synchronization

/// Cancels a migration when it is told to: one that is still being set up, as soon as it is.
final class PendingInterrupt: Sendable {
    private struct State {
        var isDue = false
        var migration: (any MigrationEnd)?
    }

    private let state = Mutex(State())

    func interrupt() {
        let migration = state.withLock { state in
            state.isDue = true
            return state.migration
        }
        migration?.interrupt()
    }

    /// To be called once the migration is set up.
    func take(_ migration: any MigrationEnd) {
        let isDue = state.withLock { state in
            state.migration = migration
            return state.isDue
        }
        if isDue { migration.interrupt() }
    }
}
