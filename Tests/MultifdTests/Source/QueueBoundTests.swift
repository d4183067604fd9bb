import Testing

@testable import Multifd

@Suite struct QueueBoundTests {
    private func time(_ milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: 1_000_000_000) + .milliseconds(milliseconds)
    }

    /// The bound of two channels that send so many pages a millisecond.
    private func bound(pagesPerMillisecond rate: Double?) -> QueueBound {
        var bound = QueueBound(channelCount: 2)
        bound.begin(bytesPerSecond: rate.map { $0 * 4096 * 1000 }, sent: 0, at: time(0))
        return bound
    }

    private func hasRoom(_ queued: Int, pagesPerMillisecond rate: Double?) -> Bool {
        var bound = bound(pagesPerMillisecond: rate)
        return bound.hasRoom(queued: queued, sent: 0, at: time(1))
    }

    @Test func `as much is queued as the channels send in 50 ms, from the beginning of an iteration`() {
        #expect(hasRoom(4999, pagesPerMillisecond: 100))
        #expect(!hasRoom(5000, pagesPerMillisecond: 100))
    }

    @Test func `over the slowest of links two batches a channel are queued`() {
        #expect(hasRoom(4 * Page.countPerBatch - 1, pagesPerMillisecond: 1))
        #expect(!hasRoom(4 * Page.countPerBatch, pagesPerMillisecond: 1))
    }

    @Test func `the first iteration has no bound`() {
        #expect(hasRoom(1_000_000, pagesPerMillisecond: nil))
    }

    @Test func `a link that becomes slower gets a shallower queue`() {
        var bound = bound(pagesPerMillisecond: 100)
        let room = [(2000, 49), (2000, 50), (999, 51)].map { queued, milliseconds in
            bound.hasRoom(queued: queued, sent: 1000, at: time(milliseconds))
        }
        #expect(room == [true, false, true])
    }

    @Test func `channels that nearly empty a full queue get a deeper one at once`() {
        var bound = bound(pagesPerMillisecond: 100)
        let room = [(5000, 1), (1000, 2), (9999, 3), (10_000, 4)].map { queued, milliseconds in
            bound.hasRoom(queued: queued, sent: 4000, at: time(milliseconds))
        }
        #expect(room == [false, true, true, false])
    }
}
