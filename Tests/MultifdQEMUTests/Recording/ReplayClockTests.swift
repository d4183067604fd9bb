import Multifd
import MultifdQEMU
import Testing

@Suite struct ReplayClockTests {
    private static func time(_ milliseconds: UInt64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000)
    }

    @Test func `it stands still until it is given a rate, and keeps what has passed when that changes`() {
        var clock = ReplayClock(at: Self.time(0))
        #expect(clock.position(at: Self.time(50)) == .zero)
        #expect(clock.time(of: .milliseconds(1)) == nil)
        clock.setRate(2, at: Self.time(100))
        #expect(clock.position(at: Self.time(150)) == .milliseconds(100))
        clock.setRate(0, at: Self.time(200))
        #expect(clock.position(at: Self.time(900)) == .milliseconds(200))
        clock.setRate(0.5, at: Self.time(1000))
        #expect(clock.position(at: Self.time(1100)) == .milliseconds(250))
        #expect(clock.time(of: .milliseconds(300)) == Self.time(1200))
    }

    @Test func `what is long past is due at once, and what is far off is looked at again in an hour`() {
        var clock = ReplayClock(at: Self.time(0))
        clock.setRate(0.001, at: Self.time(0))
        #expect(clock.time(of: .zero) == Self.time(0))
        #expect(clock.time(of: .seconds(1_000_000)) == Self.time(3_600_000))
    }
}
