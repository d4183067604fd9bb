import Multifd

extension WorkerThread {
    /// Starts `body` on a new thread, or traps: a test without its thread has nothing to tell.
    convenience init(name: String, _ body: @escaping @Sendable () -> Void) {
        do {
            try self.init(named: name, body)
        } catch {
            preconditionFailure("the system gives no thread: \(error)")
        }
    }
}
