import Testing

@testable import Multifd

@Suite struct QueueBoundTests {
    /// Two channels: never less than four batches.
    private let minimum = 4 * Batch.capacity

    private func time(_ milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: 1_000_000_000) + .milliseconds(milliseconds)
    }

    /// Whether a bound has room for so many pages, on a link of so many pages a millisecond that has sent for 100 ms.
    private func hasRoom(_ queued: Int, pagesPerMillisecond rate: Int) -> Bool {
        var bound = QueueBound(channelCount: 2)
        bound.begin(sentPageCount: 0, at: time(0))
        _ = bound.hasRoom(queued: queued, sent: 100 * rate, at: time(100))
        return bound.hasRoom(queued: queued, sent: 100 * rate, at: time(101))
    }

    @Test func `as much is queued as the channels send in 50 ms`() {
        #expect(hasRoom(4999, pagesPerMillisecond: 100))
        #expect(!hasRoom(5000, pagesPerMillisecond: 100))
    }

    @Test func `over the slowest of links two batches a channel are queued`() {
        #expect(hasRoom(minimum - 1, pagesPerMillisecond: 1))
        #expect(!hasRoom(minimum, pagesPerMillisecond: 1))
    }

    @Test func `a bound holds from the beginning of the next iteration on, when nothing is queued yet`() {
        var bound = QueueBound(channelCount: 2)
        bound.begin(sentPageCount: 0, at: time(0))
        _ = bound.hasRoom(queued: 0, sent: 10_000, at: time(100))
        bound.begin(sentPageCount: 10_000, at: time(200))
        let room = [0, 4999, 5000].map { bound.hasRoom(queued: $0, sent: 10_000, at: time(201)) }
        #expect(room == [true, true, false])
    }

    @Test func `channels that nearly empty a full queue get a deeper one at once`() {
        var bound = QueueBound(channelCount: 2)
        bound.begin(sentPageCount: 0, at: time(0))
        _ = bound.hasRoom(queued: 5000, sent: 10_000, at: time(100))
        let room = [(1000, 101), (9999, 102), (10_000, 103)].map { queued, milliseconds in
            bound.hasRoom(queued: queued, sent: 14_000, at: time(milliseconds))
        }
        #expect(room == [true, true, false])
    }
}
