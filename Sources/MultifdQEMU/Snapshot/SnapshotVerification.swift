import Multifd
import Synchronization
import SystemPackage

/// Compares the hashes of a snapshot's RAM on a thread of its own, beside whoever sends it.
final class SnapshotVerification: Sendable {
    private let progress: Progress
    private let thread: WorkerThread

    /// What the thread and its owner share; the owner may go first.
    private final class Progress: Sendable {
        let result = Condition<Result<Void, SnapshotError>?>(nil)
        let isStopped = Atomic(false)
    }

    init(of snapshot: Snapshot) throws(Errno) {
        let progress = Progress()
        self.progress = progress
        thread = try WorkerThread(named: "mf-verify") {
            let result = Result { () throws(SnapshotError) in
                try snapshot.verifyRAM(while: { !progress.isStopped.load(ordering: .relaxed) })
            }
            progress.result.withLock { $0 = result }
        }
    }

    deinit { stop() }

    /// Waits for the comparison's end.
    ///
    /// - Returns: false when it has not come until then; nil waits for ever.
    /// - Throws: ``SnapshotError/hash(file:expected:found:)`` for the first RAMBlock that differs.
    func wait(until deadline: MonotonicTime? = nil) throws(SnapshotError) -> Bool {
        guard let result = progress.result.wait(until: deadline, { $0 }) else { return false }
        try result.get()
        return true
    }

    /// Ends the comparison: nobody wants to know any more.
    func stop() {
        progress.isStopped.store(true, ordering: .relaxed)
        thread.join()
    }
}
