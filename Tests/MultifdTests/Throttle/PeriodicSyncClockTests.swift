import Multifd
import Testing

@Suite struct PeriodicSyncClockTests {
    private func isDue(_ clock: inout PeriodicSyncClock, at time: Duration, syncCount: Int) -> Bool {
        clock.isSyncDue(at: time, dirtySyncCount: syncCount)
    }

    @Test func `it never syncs in the first iteration`() {
        var clock = PeriodicSyncClock(interval: .seconds(5))
        for tick in 1...100 {
            #expect(!isDue(&clock, at: .seconds(5 * tick), syncCount: 1))
        }
    }

    @Test func `a long iteration is synced at each tick, whose own syncs do not count`() {
        var clock = PeriodicSyncClock(interval: .seconds(5))
        // The second sync ended the first iteration, between the ticks at 5 and 10 s.
        #expect(!isDue(&clock, at: .seconds(5), syncCount: 1))
        #expect(!isDue(&clock, at: .seconds(10), syncCount: 2))
        var syncCount = 2
        for tick in 3...6 {
            #expect(!isDue(&clock, at: .milliseconds(5000 * tick - 1), syncCount: syncCount))
            #expect(isDue(&clock, at: .seconds(5 * tick), syncCount: syncCount))
            syncCount += 1
        }
    }

    @Test func `an iteration's sync takes the place of a tick's`() {
        var clock = PeriodicSyncClock(interval: .seconds(1))
        #expect(!isDue(&clock, at: .seconds(1), syncCount: 2))
        #expect(isDue(&clock, at: .seconds(2), syncCount: 2))
        #expect(!isDue(&clock, at: .seconds(3), syncCount: 4))
        #expect(isDue(&clock, at: .seconds(4), syncCount: 4))
    }

    @Test func `ticks missed are not made up for`() {
        var clock = PeriodicSyncClock(interval: .seconds(1))
        #expect(!isDue(&clock, at: .seconds(1), syncCount: 2))
        #expect(isDue(&clock, at: .milliseconds(7500), syncCount: 2))
        #expect(clock.nextTickTime == .seconds(8))
        #expect(!isDue(&clock, at: .milliseconds(7600), syncCount: 3))
    }
}
