/// Runs blocking work on a thread of its own and suspends until it is done.
package func onThread<Value: Sendable, Failure: Error>(
    named name: String, _ body: @escaping @Sendable () throws(Failure) -> Value
) async -> Result<Value, Failure> {
    await withCheckedContinuation { continuation in
        let started = Condition<WorkerThread?>(nil)
        let thread = WorkerThread(name: name) {
            let result = Result { () throws(Failure) in try body() }
            // The thread is joined by its own end: it outlives nothing that the caller may look at.
            started.withLock { $0 = nil }
            continuation.resume(returning: result)
        }
        started.withLock { $0 = thread }
    }
}
