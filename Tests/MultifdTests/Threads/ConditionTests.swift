import Multifd
import Testing

struct ConditionTests {
    @Test func `no change is lost, and each wakes who waits for it`() {
        let turn = Condition(0)
        let threads = (0..<4).map { number in
            WorkerThread(name: "turn-\(number)") {
                for round in 0..<200 {
                    let mine = round * 4 + number
                    let _: Void? = turn.wait { $0 == mine ? ($0 += 0) : nil }
                    turn.withLock { $0 += 1 }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(turn.withLock { $0 } == 800)
    }

    @Test func `a deadline that has passed ends the wait, but not before the value was asked for`() {
        let condition = Condition(1)
        var asked = 0
        let result: Int? = condition.wait(until: .now) { _ in
            asked += 1
            return nil
        }
        #expect(result == nil)
        #expect(asked >= 1)
        #expect(condition.wait(until: .now) { $0 } == 1)
    }

    @Test func `what is thrown under the lock leaves it free`() {
        struct Failure: Error {}
        let condition = Condition(0)
        #expect(throws: Failure.self) { try condition.withLock { _ in throw Failure() } }
        #expect(condition.withLock { $0 } == 0)
    }

    @Test func `nobody waits for a lock that is wanted only if it is free`() {
        let condition = Condition(1)
        let inner = condition.withLock { _ in condition.withLockIfAvailable { $0 } }
        #expect(inner == nil)
        #expect(condition.withLockIfAvailable { $0 } == 1)
    }
}
