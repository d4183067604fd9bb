import Glibc
import Testing

@testable import Multifd

@Suite(.serialized) struct BarrierGateTests {
    private let error = MigrationError.transport(.closed(peer: "peer"))

    @Test func `nobody passes a barrier before it is opened`() {
        let gate = BarrierGate(channelCount: 3)
        let passed = Condition(0)
        let threads = (0..<3).map { number in
            WorkerThread(name: "gate-\(number)") {
                gate.join(channel: number)
                for barrier in 1...2 as ClosedRange<UInt32> {
                    guard gate.arrive(channel: number, at: barrier) else { return }
                    passed.withLock { $0 += 1 }
                }
            }
        }
        for barrier in 1...2 as ClosedRange<UInt32> {
            #expect(gate.waitForAll(at: barrier, until: .now + .seconds(60)) != nil)
            #expect(passed.withLock { $0 } == (Int(barrier) - 1) * 3)
            gate.open(barrier)
        }
        for thread in threads { thread.join() }
        #expect(passed.withLock { $0 } == 6)
    }

    @Test func `a lost channel is not waited for`() {
        let gate = BarrierGate(channelCount: 2)
        gate.join(channel: 0)
        #expect(gate.waitForConnections(until: .now) == nil)
        gate.lose(channel: 1, error)
        #expect(gate.waitForConnections(until: .now) != nil)
        #expect(gate.waitForAll(at: 1, until: .now) == nil)
        let thread = WorkerThread(name: "gate") { _ = gate.arrive(channel: 0, at: 1) }
        #expect(gate.waitForAll(at: 1, until: .now + .seconds(60))?.count { $0.isLost } == 1)
        gate.open(1)
        thread.join()
    }

    @Test func `a channel is missing where another waits for it`() {
        let gate = BarrierGate(channelCount: 3)
        for channel in 0..<3 { gate.join(channel: channel) }
        #expect(gate.channelsMissing(at: 1) == [])
        let thread = WorkerThread(name: "gate") { _ = gate.arrive(channel: 1, at: 1) }
        while gate.channelsMissing(at: 1).isEmpty { sched_yield() }
        #expect(gate.channelsMissing(at: 1) == [0, 2])
        gate.lose(channel: 0, error)
        #expect(gate.channelsMissing(at: 1) == [2])
        gate.close()
        thread.join()
    }

    @Test func `losing a channel and closing the gate end those who wait`() {
        let gate = BarrierGate(channelCount: 2)
        let results = Condition<[Bool]>([])
        let threads = (0..<2).map { number in
            WorkerThread(name: "gate-\(number)") {
                gate.join(channel: number)
                let goesOn = gate.arrive(channel: number, at: 1)
                results.withLock { $0.append(goesOn) }
            }
        }
        #expect(gate.waitForAll(at: 1, until: .now + .seconds(60)) != nil)
        gate.lose(channel: 0, error)
        #expect(results.wait(until: .now + .seconds(60)) { $0.count == 1 ? () : nil } != nil)
        gate.close()
        for thread in threads { thread.join() }
        #expect(results.withLock { $0 } == [false, false])
        // A channel that is lost stays so.
        gate.join(channel: 0)
        #expect(gate.channels[0].isLost)
        #expect(!gate.arrive(channel: 0, at: 2))
    }

    /// When a channel is lost, one order to send a SYNC stays in the queue, and comes up after its barrier was passed.
    @Test func `a barrier that was passed is known as such`() {
        let gate = BarrierGate(channelCount: 1)
        #expect(!gate.isPassed(1))
        gate.open(1)
        #expect(gate.isPassed(1))
        #expect(!gate.isPassed(2))
    }
}
