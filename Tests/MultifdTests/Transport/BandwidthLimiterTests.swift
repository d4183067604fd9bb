import Glibc
import Multifd
import Synchronization
import Testing

@Suite(.serialized) struct BandwidthLimiterTests {
    private let patience = Patience(limit: .seconds(60))

    /// The property behind the accuracy: turns are laid end to end, so that whatever the threads' luck, no more than
    /// the rate allows has been granted by any moment, but for the slack (20 ms) and each thread's portion (20 ms).
    @Test(arguments: [1, 4])
    func `no moment has seen more than the rate allows`(threadCount: Int) throws {
        let rate = 400_000_000
        let limiter = BandwidthLimiter(bytesPerSecond: rate)
        let granted = Atomic<Int>(0)
        let start = MonotonicTime.now
        let threads = (0..<threadCount).map { number in
            WorkerThread(name: "limited-\(number)") {
                for _ in 0..<200 / threadCount {
                    guard let count = try? limiter.wait(for: 525_632, patience: patience) else { return }
                    let total = granted.add(count, ordering: .relaxed).newValue
                    let seconds = MonotonicTime.now.since(start).seconds
                    let allowed = Double(rate) * (seconds + 0.020) + Double(threadCount * 525_632)
                    #expect(Double(total) <= allowed)
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(granted.load(ordering: .relaxed) == 200 * 525_632)
    }

    @Test func `a portion lasts 20 ms at most, and is never empty`() throws {
        for rate in [1, 50_000, 51_200, 1_000_000, 1_000_000_000] {
            let limiter = BandwidthLimiter(bytesPerSecond: rate)
            let granted = try limiter.wait(for: 1 << 20, patience: patience)
            #expect(granted == min(1 << 20, max(1024, rate / 50)))
        }
        #expect(try BandwidthLimiter(bytesPerSecond: 100).wait(for: 3, patience: patience) == 3)
        #expect(try BandwidthLimiter(bytesPerSecond: 0).wait(for: 1 << 30, patience: patience) == 1 << 30)
    }

    /// At a byte a second the second portion would wait for a quarter of an hour.
    @Test(arguments: [0, 1 << 30])
    func `a change of the rate is felt by those who wait`(newRate: Int) throws {
        // Who does not feel the change gives up, and does not hang the run.
        let patience = Patience(until: .now + .seconds(30))
        let limiter = BandwidthLimiter(bytesPerSecond: 1)
        _ = try limiter.wait(for: 1024, patience: patience)
        let granted = Atomic(0)
        let threads = (0..<3).map { number in
            WorkerThread(name: "waiting-\(number)") {
                guard let bytes = try? limiter.wait(for: 1024, patience: patience) else { return }
                granted.add(bytes, ordering: .relaxed)
            }
        }
        usleep(10_000)
        limiter.bytesPerSecond = newRate
        for thread in threads { thread.join() }
        #expect(granted.load(ordering: .relaxed) == 3 * 1024)
    }

    @Test func `a deadline ends a wait`() throws {
        let limiter = BandwidthLimiter(bytesPerSecond: 1)
        let patience = Patience(limit: .seconds(60))
        patience.setDeadline(.now + .milliseconds(20))
        _ = try limiter.wait(for: 1024, patience: patience)
        #expect(throws: TransportError.cancelled) { try limiter.wait(for: 1024, patience: patience) }
    }
}
