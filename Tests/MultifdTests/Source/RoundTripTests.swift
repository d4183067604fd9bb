import Testing

@testable import Multifd

@Suite struct RoundTripTests {
    private func isAskedAgain(_ milliseconds: Int, _ roundTrip: inout RoundTrip) -> Bool {
        roundTrip.record(afterIteration: .milliseconds(milliseconds), downtimeLimit: .milliseconds(300))
    }

    @Test func `an answer that came behind pages is asked for again, and what it takes alone counts`() {
        var roundTrip = RoundTrip()
        #expect(isAskedAgain(900, &roundTrip))
        roundTrip.record(idle: .milliseconds(20))
        #expect(roundTrip.duration == .milliseconds(20))
        #expect(isAskedAgain(800, &roundTrip))
        #expect(roundTrip.duration == .milliseconds(20))
    }

    @Test func `an answer that hardly counts, or takes as long alone, is not asked for again`() {
        var roundTrip = RoundTrip()
        #expect(!isAskedAgain(5, &roundTrip))
        #expect(roundTrip.duration == .milliseconds(5))
        #expect(isAskedAgain(55, &roundTrip))
        roundTrip.record(idle: .milliseconds(50))
        #expect(!isAskedAgain(60, &roundTrip))
        #expect(roundTrip.duration == .milliseconds(60))
        #expect(isAskedAgain(120, &roundTrip))
    }

    @Test func `a moment in which the destination stands still does not count for longer than it lasts`() {
        var roundTrip = RoundTrip()
        #expect(isAskedAgain(30, &roundTrip))
        roundTrip.record(idle: .seconds(2))
        #expect(roundTrip.duration == .milliseconds(30))
        #expect(!isAskedAgain(30, &roundTrip))
    }
}
