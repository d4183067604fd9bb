import Multifd

extension MigrationDestination {
    /// Runs it, and returns when its thread has started: a source that waits for it must not depend on how busy the other
    /// tests keep Swift's few threads.
    func begin() -> Task<Result<MigrationInfo, MigrationError>, Never> {
        Task.immediate { await result(of: { () throws(MigrationError) in try await run() }) }
    }
}
