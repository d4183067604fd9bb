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

    /// Each used to be gone through: seconds, for a first iteration that takes longer than a simulation's longest time.
    @Test(.timeLimit(.minutes(1))) func `any number of ticks is missed in a moment`() {
        var clock = PeriodicSyncClock(interval: .seconds(1))
        for second in [1_000_000_000, 1_000_000_000_000, 1_000_000_000_000_000] {
            #expect(!isDue(&clock, at: .seconds(second) + .milliseconds(1), syncCount: 1))
            #expect(clock.nextTickTime == .seconds(second + 1))
            #expect(!isDue(&clock, at: .seconds(second + 1) - .nanoseconds(1), syncCount: 1))
        }
    }

    /// At a tick and just beside it, where the quotient of two durations, a `Double`, may be on either side of a whole number.
    @Test(arguments: [1, 3, 7, 10]) func `the next tick is the first that lies ahead`(interval: Int) {
        for tick in [1, 2, 3, 5, 49, 1_000_003] {
            for (nanoseconds, next) in [(-1, tick), (0, tick + 1), (1, tick + 1)] {
                var clock = PeriodicSyncClock(interval: .seconds(interval))
                _ = isDue(&clock, at: .seconds(interval * tick) + .nanoseconds(nanoseconds), syncCount: 1)
                #expect(clock.nextTickTime == .seconds(interval * next))
            }
        }
    }
}
