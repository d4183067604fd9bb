import Glibc
import Synchronization

/// Hands batches from the coordinator to whichever channel is idle, without a lock: a ring of slots, each with a number
/// that says whose turn it is, and two semaphores that only cost a system call when somebody has to wait.
///
/// Slot `i` is free for the producer's ticket `t` (with `t % capacity == i`) while its number is `t`, filled for the
/// consumer with the same ticket while it is `t + 1`, and free for ticket `t + capacity` when it is that.
@safe
final class BatchQueue: @unchecked Sendable {  // slots change hands through their atomic numbers
    private let capacity: Int
    /// How many slots are given back to the producer at a time.
    private let group: Int
    private let numbers: UnsafeMutablePointer<Atomic<Int>>
    private let batches: UnsafeMutablePointer<Batch>
    private let free: Semaphore
    private let filled = Semaphore(0)
    /// The consumers' next ticket.
    private let head = Atomic<Int>(0)
    private let closed = Atomic<Bool>(false)
    /// The producer's next ticket. Only the coordinator's thread touches it.
    private var tail = 0

    init(capacity: Int) {
        self.capacity = capacity
        group = max(1, capacity / 8)
        free = Semaphore(UInt32(capacity))
        unsafe numbers = .allocate(capacity: capacity)
        unsafe batches = .allocate(capacity: capacity)
        for slot in 0..<capacity { unsafe (numbers + slot).initialize(to: Atomic(slot)) }
        unsafe batches.initialize(repeating: Batch(), count: capacity)
    }

    deinit {
        unsafe numbers.deinitialize(count: capacity)
        unsafe numbers.deallocate()
        unsafe batches.deallocate()
    }

    /// Appends a batch. Called by the coordinator's thread alone.
    ///
    /// - Returns: false when the queue stayed full until the deadline.
    func push(_ batch: borrowing Batch, until deadline: MonotonicTime) -> Bool {
        guard free.wait(until: deadline) else { return false }
        let slot = tail % capacity
        // A slot has been freed, perhaps not yet this one: its consumer is copying half a kilobyte out of it.
        while unsafe numbers[slot].load(ordering: .acquiring) != tail { sched_yield() }
        unsafe batches[slot] = copy batch
        unsafe numbers[slot].store(tail + 1, ordering: .releasing)
        tail += 1
        filled.signal()
        return true
    }

    /// Takes the next batch, and waits for it as long as it takes: the coordinator closes the queue at the latest.
    ///
    /// - Returns: false when the queue is closed.
    func pop(into batch: inout Batch) -> Bool {
        filled.wait()
        guard !closed.load(ordering: .acquiring) else {
            filled.signal()  // for the next one
            return false
        }
        let ticket = head.wrappingAdd(1, ordering: .relaxed).oldValue
        let slot = ticket % capacity
        // Filled for certain: tickets are filled in order, and this one's signal was counted.
        while unsafe numbers[slot].load(ordering: .acquiring) != ticket + 1 { sched_yield() }
        unsafe batch = batches[slot]
        unsafe numbers[slot].store(ticket + capacity, ordering: .releasing)
        // In groups, so that the coordinator, which waits when the queue is full, is not woken for each single slot.
        if (ticket + 1) % group == 0 {
            for _ in 0..<group { free.signal() }
        }
        return true
    }

    /// Ends `pop` for all channels, whatever is still queued.
    func close() {
        closed.store(true, ordering: .releasing)
        filled.signal()
    }
}
