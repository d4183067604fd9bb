import Glibc

/// Has the kernel write files to their disk from time to time while they are being filled, on a thread of its own: who
/// waits for them to be durable at the end, perhaps with a guest that is paused, waits for the last pages only.
///
/// A page that is filled again later is written again: disks have the time then, guests do not.
package final class Writeback: Sendable {
    private static let interval = Duration.milliseconds(200)

    private let isStopped: Condition<Bool>
    private let thread: WorkerThread

    /// - Parameters:
    ///   - blocks: those that are no files are left alone.
    ///   - startOthers: does the same for other files.
    /// - Returns: nil when the system gives no thread: the wait is longer then.
    package init?(of blocks: [RAMBlock], startOthers: @escaping @Sendable () -> Void = {}) {
        let isStopped = Condition(false)
        let body = { @Sendable in
            while isStopped.wait(until: .now + Self.interval, { $0 ? true : nil }) == nil {
                for block in blocks { block.startWriteback() }
                startOthers()
            }
        }
        guard let thread = try? WorkerThread(named: "mf-writeback", body) else { return nil }
        self.isStopped = isStopped
        self.thread = thread
    }

    deinit {
        isStopped.withLock { $0 = true }
        thread.join()
    }
}
