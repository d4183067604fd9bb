import Multifd
import Testing

@Suite struct ThrottleSliceTests {
    private func at(_ milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: UInt64(1000 + milliseconds) * 1_000_000)
    }

    private func slice(_ percentage: Int) -> ThrottleSlice {
        ThrottleSlice(ThrottlePercentage(clamping: percentage), now: at(0))
    }

    @Test func `ten milliseconds of running ask for as long a sleep as leaves the vCPU its share`() {
        var slice = slice(80)
        #expect(slice.sleep(now: at(9)) == nil)
        #expect(slice.sleep(now: at(10)) == .milliseconds(40))
        slice.slept(.milliseconds(42), of: .milliseconds(40), now: at(52))
        #expect(slice.sleep(now: at(61)) == nil)
        #expect(slice.sleep(now: at(62)) == .milliseconds(38))
    }

    @Test func `what ran under one percentage is slept for at the next`() {
        var slice = slice(80)
        for (time, percentage) in [(4, 50), (8, 90)] {
            slice.change(to: ThrottlePercentage(clamping: percentage), now: at(time))
        }
        #expect(slice.sleep(now: at(10)) == .milliseconds(90))
    }

    @Test func `a sleep that a change ends goes on for what the new percentage leaves of it`() {
        var slice = slice(80)
        #expect(slice.sleep(now: at(10)) == .milliseconds(40))
        slice.woken(after: .milliseconds(15))
        slice.change(to: ThrottlePercentage(clamping: 90), now: at(25))
        #expect(slice.sleep(now: at(25)) == .milliseconds(75))
        slice.woken(after: .milliseconds(60))
        slice.change(to: ThrottlePercentage(clamping: 80), now: at(85))
        // 75 ms are more than the 40 that it asks for, and are not made up for.
        #expect(slice.sleep(now: at(85)) == nil)
        #expect(slice.sleep(now: at(95)) == .milliseconds(40))
    }

    @Test func `what ran unthrottled is not slept for`() {
        var slice = slice(0)
        slice.change(to: ThrottlePercentage(clamping: 90), now: at(60_000))
        #expect(slice.sleep(now: at(60_009)) == nil)
        #expect(slice.sleep(now: at(60_010)) == .milliseconds(90))
        slice.change(to: .off, now: at(60_010))
        #expect(slice.sleep(now: at(60_010)) == nil)
    }
}
