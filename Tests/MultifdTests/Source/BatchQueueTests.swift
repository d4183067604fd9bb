import Testing

@testable import Multifd

@Suite(.serialized) struct BatchQueueTests {
    /// Numbers a batch, in the fields that a packet is made of.
    private func batch(_ number: Int) -> Batch {
        var batch = Batch()
        batch.block = number
        for index in 0..<Page.countPerBatch { batch.pages[index] = UInt32(number &* 31 &+ index) }
        return batch
    }

    private func isIntact(_ batch: borrowing Batch) -> Bool {
        for index in 0..<Page.countPerBatch {
            guard batch.pages[index] == UInt32(batch.block &* 31 &+ index) else { return false }
        }
        return true
    }

    @Test(arguments: [1, 2, 128], [1, 3, 8])
    func `each batch is taken whole, exactly once, by one of many channels`(capacity: Int, channels: Int) {
        let count = 5000
        let queue = BatchQueue(capacity: capacity)
        let taken = Condition([Int](repeating: 0, count: count))
        let done = Semaphore(0)
        let threads = (0..<channels).map { number in
            WorkerThread(name: "pop-\(number)") {
                var batch = Batch()
                while queue.pop(into: &batch) {
                    let isIntact = isIntact(batch)
                    taken.withLock { $0[batch.block] += isIntact ? 1 : 1000 }
                    done.signal()
                }
            }
        }
        for number in 0..<count { #expect(queue.push(batch(number), until: .now + .seconds(60))) }
        for _ in 0..<count { done.wait() }
        queue.close()
        for thread in threads { thread.join() }
        #expect(taken.withLock { $0.allSatisfy { $0 == 1 } })
    }

    @Test func `a full queue says so at the deadline, and has room again after a pop`() {
        let queue = BatchQueue(capacity: 2)
        #expect(queue.push(batch(0), until: .now))
        #expect(queue.push(batch(1), until: .now))
        #expect(!queue.push(batch(2), until: .now + .milliseconds(1)))
        var popped = Batch()
        #expect(queue.pop(into: &popped))
        #expect(popped.block == 0)
        #expect(queue.push(batch(2), until: .now))
        for expected in 1...2 {
            #expect(queue.pop(into: &popped))
            #expect(popped.block == expected)
        }
    }

    @Test func `closing wakes all channels, whatever is queued`() {
        let queue = BatchQueue(capacity: 4)
        let ended = Semaphore(0)
        let threads = (0..<8).map { number in
            WorkerThread(name: "pop-\(number)") {
                var batch = Batch()
                while queue.pop(into: &batch) {}
                ended.signal()
            }
        }
        queue.close()
        for _ in 0..<8 { ended.wait() }
        for thread in threads { thread.join() }
        #expect(queue.push(batch(1), until: .now))
        var batch = Batch()
        #expect(!queue.pop(into: &batch))
    }
}
