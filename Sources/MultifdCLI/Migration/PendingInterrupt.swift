import Multifd
import Synchronization

/// Cancels a migration when it is told to: also one that is still being set up.
final class PendingInterrupt: Sendable {
    private struct State {
        var isDue = false
        var cancel: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    func interrupt() {
        let cancel = state.withLock { state in
            state.isDue = true
            return state.cancel
        }
        cancel?()
    }

    /// Sets a migration up, in a task that is cancelled by an interrupt, as the migration is afterwards.
    ///
    /// - Throws: what `make` throws, or ``MigrationError/cancelled`` for whatever an interrupt made of it.
    func setUp<End: MigrationEnd>(_ make: @escaping @Sendable () throws -> End) async throws -> End {
        let setUp = Task { try make() }
        take { setUp.cancel() }
        do {
            let migration = try await setUp.value
            take { migration.interrupt() }
            return migration
        } catch {
            guard setUp.isCancelled else { throw error }
            throw MigrationError.cancelled
        }
    }

    private func take(_ cancel: @escaping @Sendable () -> Void) {
        let isDue = state.withLock { state in
            state.cancel = cancel
            return state.isDue
        }
        if isDue { cancel() }
    }
}
