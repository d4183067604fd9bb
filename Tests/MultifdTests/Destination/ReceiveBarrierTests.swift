import Glibc
import Testing

@testable import Multifd

@Suite(.serialized) struct ReceiveBarrierTests {
    private let error = MigrationError.transport(.closed(peer: "peer"))

    private func wait(_ barrier: ReceiveBarrier, for number: UInt32) -> ReceiveBarrier.Event? {
        barrier.wait(for: number, until: .now + .seconds(60))
    }

    @Test func `each channel joins once, and only those that were announced`() {
        let barrier = ReceiveBarrier(channelCount: 2)
        #expect(barrier.join(channel: 1))
        #expect(!barrier.join(channel: 1))
        #expect(!barrier.join(channel: 2))
        #expect(!barrier.join(channel: 255))
        barrier.close(channel: 0)
        #expect(!barrier.join(channel: 0))
    }

    @Test func `a barrier is complete when every channel has reached it, those that have not come included`() {
        let barrier = ReceiveBarrier(channelCount: 2)
        _ = barrier.join(channel: 0)
        let first = WorkerThread(name: "first") { _ = barrier.arrive(channel: 0) }
        #expect(barrier.wait(for: 1, until: .now + .milliseconds(20)) == nil)
        _ = barrier.join(channel: 1)
        let second = WorkerThread(name: "second") { _ = barrier.arrive(channel: 1) }
        guard case .allReached = wait(barrier, for: 1) else {
            Issue.record("not reached")
            return
        }
        barrier.open(1)
        first.join()
        second.join()
        #expect(barrier.wait(for: 2, until: .now) == nil)
    }

    @Test func `a lost channel is announced once, and stops to count once it is closed`() {
        let barrier = ReceiveBarrier(channelCount: 2)
        for channel in 0..<2 { _ = barrier.join(channel: channel) }
        barrier.lose(channel: 1)
        guard case .lost(channel: 1) = wait(barrier, for: 1) else {
            Issue.record("not announced")
            return
        }
        barrier.close(channel: 1)
        let thread = WorkerThread(name: "channel") { _ = barrier.arrive(channel: 0) }
        guard case .allReached = wait(barrier, for: 1) else {
            Issue.record("not reached")
            return
        }
        #expect(!barrier.arrive(channel: 1))
        barrier.open(1)
        thread.join()
    }

    @Test func `a channel is missing where another waits for it, and can be lost before it comes`() {
        let barrier = ReceiveBarrier(channelCount: 3)
        for channel in 0..<2 { _ = barrier.join(channel: channel) }
        #expect(barrier.channelsMissing(at: 1) == [])
        let thread = WorkerThread(name: "channel") { _ = barrier.arrive(channel: 0) }
        while barrier.channelsMissing(at: 1).isEmpty { sched_yield() }
        #expect(barrier.channelsMissing(at: 1) == [1, 2])
        barrier.close(channel: 1)
        barrier.lose(channel: 2)
        #expect(barrier.channelsMissing(at: 1) == [])
        guard case .lost(channel: 2) = wait(barrier, for: 1) else {
            Issue.record("not announced")
            return
        }
        #expect(!barrier.join(channel: 2))
        barrier.closeAll()
        thread.join()
    }

    @Test func `the first failure is told to the main thread, and ends those who wait`() {
        let barrier = ReceiveBarrier(channelCount: 2)
        for channel in 0..<2 { _ = barrier.join(channel: channel) }
        let goesOn = Condition<Bool?>(nil)
        let thread = WorkerThread(name: "channel") {
            let result = barrier.arrive(channel: 0)
            goesOn.withLock { $0 = result }
        }
        barrier.fail(error)
        barrier.fail(.cancelled)
        guard case .failed(.transport) = wait(barrier, for: 1) else {
            Issue.record("no failure")
            return
        }
        thread.join()
        #expect(goesOn.withLock { $0 } == false)
        #expect(barrier.failure?.isTransport == true)
    }

    @Test func `numbers of channels that do not exist are nothing to it`() {
        let barrier = ReceiveBarrier(channelCount: 1)
        barrier.close(channel: 200)
        barrier.lose(channel: 200)
        #expect(!barrier.arrive(channel: 200))
    }
}
