import Glibc
import Synchronization

/// Holds all channels of a session together to one rate (QEMU: `max-bandwidth`).
///
/// A virtual link: each portion of bytes occupies it for `bytes / rate` seconds, one portion after the other, and may be
/// sent when its turn starts. The next free moment is one atomic number; channels never wait for each other's lock.
/// Because turns are laid end to end on the clock, a late wake-up is made up for by the next portion, up to
/// ``slackNanoseconds``.
package final class BandwidthLimiter: Sendable {
    /// A portion lasts at most this long, so that channels alternate and a change of the rate is felt at once.
    private static let portionSeconds = 0.020
    /// Unused time that may be caught up: with one portion a channel this keeps bursts under 100 ms.
    private static let slackNanoseconds: UInt64 = 20_000_000
    /// A longer wait is taken in slices, so that a stop is noticed.
    private static let sliceNanoseconds: UInt64 = 50_000_000

    private let rate: Atomic<Int>
    private let nextFree = Atomic<UInt64>(0)

    /// - Parameter bytesPerSecond: 0 for no limit.
    package init(bytesPerSecond: Int) { rate = Atomic(bytesPerSecond) }

    /// Bytes per second, 0 for no limit. May be changed while channels send: those who wait then wait anew.
    package var bytesPerSecond: Int {
        get { rate.load(ordering: .relaxed) }
        set {
            guard rate.exchange(newValue, ordering: .relaxed) != newValue else { return }
            // What was reserved at the old rate is forgotten.
            nextFree.store(0, ordering: .relaxed)
        }
    }

    /// Waits for a turn on the link.
    ///
    /// - Returns: how many of `byteCount` bytes may be sent now, at least one.
    package func wait(for byteCount: Int, patience: Patience) throws(TransportError) -> Int {
        while true {
            let rate = bytesPerSecond
            guard rate > 0 else { return byteCount }
            let granted = min(byteCount, max(1024, Int(Double(rate) * Self.portionSeconds)))
            let start = reserve(UInt64(Double(granted) / Double(rate) * 1e9))
            if try sleep(until: start, atRate: rate, patience: patience) { return granted }
        }
    }

    /// Lays a turn behind all others on the link.
    ///
    /// - Returns: when it starts.
    private func reserve(_ nanoseconds: UInt64) -> UInt64 {
        let now = MonotonicTime.now.nanoseconds
        var free = nextFree.load(ordering: .relaxed)
        while true {
            let start = max(free, now - Self.slackNanoseconds)
            let (exchanged, original) = nextFree.weakCompareExchange(
                expected: free, desired: start + nanoseconds, ordering: .relaxed)
            if exchanged { return start }
            free = original
        }
    }

    /// - Returns: false when the rate changed meanwhile.
    private func sleep(
        until time: UInt64, atRate rate: Int, patience: Patience
    ) throws(TransportError) -> Bool {
        var now = MonotonicTime.now.nanoseconds
        while now < time {
            try patience.checkStop()
            guard bytesPerSecond == rate else { return false }
            var wake = MonotonicTime(nanoseconds: min(time, now + Self.sliceNanoseconds)).timespec
            unsafe clock_nanosleep(CLOCK_MONOTONIC, Int32(TIMER_ABSTIME), &wake, nil)
            now = MonotonicTime.now.nanoseconds
        }
        return true
    }
}
