import CLinux
import Glibc
package import SystemPackage

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
    /// - Throws: `Errno`, above all when a limit of processes or of a cgroup (`pids.max`) is reached.
    package init(named name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
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
        guard code == 0 else {
            unsafe start.release()
            throw Errno(rawValue: code)
        }
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
