import Synchronization

/// A number that one thread adds to and others read. Relaxed: nothing is published through it.
package struct Counter: ~Copyable, Sendable {
    private let storage = Atomic<Int>(0)

    package init() {}

    package var value: Int { storage.load(ordering: .relaxed) }

    /// Adds without a locked instruction, because only one thread writes.
    package func add(_ amount: Int) { storage.store(value &+ amount, ordering: .relaxed) }

    /// Adds the nanoseconds from one time to a later one.
    package func add(from start: MonotonicTime, to end: MonotonicTime) {
        add(Int(end.nanoseconds &- start.nanoseconds))
    }

    package func set(_ value: Int) { storage.store(value, ordering: .relaxed) }
}
