import CLinux
import Glibc

/// A named thread that is joined exactly once: by ``join()``, at the latest when its owner goes.
///
/// The data plane runs on threads of its own and not on Swift's cooperative pool, because its calls block.
@safe
package final class WorkerThread: Sendable {
    private let joined: Condition<Bool>
    private let handle: pthread_t

    /// Starts `body` on a new thread.
    ///
    /// - Parameter name: shown by debuggers and `/proc`; Linux keeps its first 15 bytes.
    package init(name: String, _ body: @escaping @Sendable () -> Void) {
        let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
        var handle = pthread_t()
        // Safe: the new thread takes the one retain that was made for it.
        let code = unsafe pthread_create(
            &handle, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                _ = unsafe CLinux_set_thread_name(String(start.name.prefix(15)))
                start.body()
                return nil
            }, start.toOpaque())
        // EAGAIN, the only failure with default attributes, means that the system has no thread left to give: nothing
        // that this process could do without one.
        precondition(code == 0, "pthread_create failed with error \(code)")
        self.handle = handle
        joined = Condition(false)
    }

    deinit { join() }

    /// Waits until the thread has ended. Further calls return at once.
    package func join() {
        let first = joined.withLock { joined in
            defer { joined = true }
            return !joined
        }
        guard first else { return }
        // A thread that drops the last reference to its own owner cannot wait for itself.
        guard pthread_equal(handle, pthread_self()) == 0 else { return _ = pthread_detach(handle) }
        pthread_join(handle, nil)
    }

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
