import Multifd
import Testing

@Suite struct SampleClockTests {
    private let outlook = MigrationOutlook(remainingByteCount: 0)

    private func sync(
        _ clock: inout SampleClock, at milliseconds: Int, dirtied: Int = 0, written: Int = 0, transferred: Int = 0,
        throttle: Int = 0
    ) -> PeriodSample? {
        clock.sync(
            SyncOutcome(
                time: .milliseconds(milliseconds), bytesDirtied: dirtied, bytesWritten: written,
                bytesTransferred: transferred, ramBytesSent: 2 * transferred, outlook: outlook),
            throttle: ThrottlePercentage(clamping: throttle))
    }

    @Test func `the first sync only starts the clock`() throws {
        var clock = SampleClock()
        #expect(sync(&clock, at: 5000, dirtied: 77, written: 77, transferred: 10) == nil)
        let sample = try #require(sync(&clock, at: 6001, dirtied: 5, written: 6, transferred: 110))
        #expect(sample.duration == .milliseconds(1001))
        #expect(sample.bytesDirtied == 5)
        #expect(sample.bytesTransferred == 100)
        #expect(sample.ramBytesSent == 200)
    }

    @Test func `a period is longer than a second, and shorter ones accumulate`() throws {
        var clock = SampleClock()
        _ = sync(&clock, at: 0)
        #expect(sync(&clock, at: 400, dirtied: 1, written: 10, transferred: 7) == nil)
        #expect(sync(&clock, at: 1000, dirtied: 2, written: 20, transferred: 9, throttle: 50) == nil)
        let sample = try #require(sync(&clock, at: 1001, dirtied: 4, written: 40, transferred: 11, throttle: 99))
        #expect(sample.bytesDirtied == 7)
        #expect(sample.bytesTransferred == 11)
        #expect(sample.writes.map(\.bytesWritten) == [10, 20, 40])
        #expect(sample.writes.map(\.duration) == [.milliseconds(400), .milliseconds(600), .milliseconds(1)])
        #expect(sample.writes[1].guestTime == .milliseconds(300))

        #expect(sync(&clock, at: 2001, dirtied: 8) == nil)
        let next = try #require(sync(&clock, at: 2002, dirtied: 16, transferred: 11))
        #expect(next.bytesDirtied == 24)
        #expect(next.bytesTransferred == 0)
        #expect(next.writes.count == 2)
    }
}
