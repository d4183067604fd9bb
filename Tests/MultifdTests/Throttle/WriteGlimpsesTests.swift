import Multifd
import Testing

@Suite struct WriteGlimpsesTests {
    private func look(_ guestTime: Duration, _ bytes: Int) -> WriteObservation {
        WriteObservation(duration: .milliseconds(100), guestTime: guestTime, bytesWritten: bytes)
    }

    @Test func `looks that are too short by themselves become one of their mean`() {
        var glimpses = WriteGlimpses()
        #expect(glimpses.add(look(.milliseconds(8), 0), at: ThrottlePercentage(clamping: 92)) == nil)
        #expect(glimpses.add(look(.milliseconds(8), 3_000_000), at: ThrottlePercentage(clamping: 92)) == nil)
        let seen = glimpses.add(look(.milliseconds(8), 6_000_000), at: ThrottlePercentage(clamping: 92))
        #expect(seen?.guestTime == .milliseconds(8))
        #expect(seen?.bytesWritten == 3_000_000)
        #expect(glimpses.add(look(.milliseconds(8), 0), at: ThrottlePercentage(clamping: 92)) == nil)
    }

    @Test func `looks under different throttles are not mixed`() {
        var glimpses = WriteGlimpses()
        #expect(glimpses.add(look(.milliseconds(15), 9), at: ThrottlePercentage(clamping: 85)) == nil)
        #expect(glimpses.add(look(.milliseconds(8), 9), at: ThrottlePercentage(clamping: 92)) == nil)
        #expect(glimpses.add(look(.milliseconds(15), 9), at: ThrottlePercentage(clamping: 92))?.bytesWritten == 9)
    }

    @Test func `a look that is long enough, or at a guest that runs, tells at once`() {
        var glimpses = WriteGlimpses()
        let long = look(.milliseconds(40), 5)
        #expect(glimpses.add(long, at: ThrottlePercentage(clamping: 60)) == long)
        let running = WriteObservation(duration: .milliseconds(3), guestTime: .milliseconds(3), bytesWritten: 7)
        #expect(glimpses.add(running, at: .off) == running)
    }
}
