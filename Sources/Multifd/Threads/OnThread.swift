package import SystemPackage

/// Runs blocking work on a thread of its own and suspends until it is done.
///
/// - Parameter unstarted: makes the error when the system gives no thread.
package func onThread<Value: Sendable, Failure: Error>(
    named name: String, unstarted: (Errno) -> Failure, _ body: @escaping @Sendable () throws(Failure) -> Value
) async -> Result<Value, Failure> {
    await withCheckedContinuation { continuation in
        let started = Condition<WorkerThread?>(nil)
        do throws(Errno) {
            let thread = try WorkerThread(named: name) {
                let result = Result { () throws(Failure) in try body() }
                // The thread is joined by its own end: it outlives nothing that the caller may look at.
                started.withLock { $0 = nil }
                continuation.resume(returning: result)
            }
            started.withLock { $0 = thread }
        } catch {
            continuation.resume(returning: .failure(unstarted(error)))
        }
    }
}
