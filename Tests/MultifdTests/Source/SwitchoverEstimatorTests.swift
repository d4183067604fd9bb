import Multifd
import Testing

@Suite struct SwitchoverEstimatorTests {
    private let megabytePages = 256  // of 4 KiB: 1 MiB

    @Test func `nothing is known before the first iteration, unless nothing is pending`() {
        let estimator = SwitchoverEstimator()
        let overhead = SwitchoverOverhead(deviceState: .milliseconds(7))
        #expect(estimator.expectedDowntime(pendingByteCount: 4096, overhead: overhead) == nil)
        #expect(
            !estimator.shouldSwitchOver(pendingByteCount: 4096, downtimeLimit: .seconds(300), overhead: overhead))
        #expect(estimator.affordableByteCount(downtimeLimit: .seconds(1), overhead: overhead) == nil)
        #expect(estimator.expectedDowntime(pendingByteCount: 0, overhead: overhead) == .milliseconds(7))
    }

    @Test func `with nothing pending no limit is too low, but for what can still be hashed while the guest runs`() {
        let estimator = SwitchoverEstimator()
        var overhead = SwitchoverOverhead(deviceState: .milliseconds(7))
        #expect(estimator.shouldSwitchOver(pendingByteCount: 0, downtimeLimit: .zero, overhead: overhead))
        #expect(!estimator.shouldSwitchOver(pendingByteCount: 1, downtimeLimit: .zero, overhead: overhead))
        overhead.verification = .milliseconds(1)
        #expect(!estimator.shouldSwitchOver(pendingByteCount: 0, downtimeLimit: .zero, overhead: overhead))
    }

    @Test func `the last sync is expected to take what the others took but for their pages`() {
        var estimator = SwitchoverEstimator()
        #expect(estimator.finalSync == .zero && estimator.leastFinalSync == .zero)
        // 200 ms, and 50 ns for each page: one alone does not tell the two apart.
        estimator.recordSync(writtenPageCount: 8_000_000, duration: .milliseconds(600))
        #expect(isNear(estimator.finalSync, 0.6) && estimator.leastFinalSync == .zero)
        estimator.recordSync(writtenPageCount: 2_000_000, duration: .milliseconds(300))
        #expect(isNear(estimator.finalSync, 0.2) && isNear(estimator.leastFinalSync, 0.2))
        // Old ones are forgotten, but for what a page cost: 100 ns at most.
        for _ in 0..<4 { estimator.recordSync(writtenPageCount: 10, duration: .milliseconds(7)) }
        #expect(isNear(estimator.finalSync, 0.007 - 10 * 100e-9))
    }

    @Test func `a throttle aims at what the guest is paused for, once syncs had their time to tell`() throws {
        var estimator = SwitchoverEstimator()
        estimator.record(pageCount: 1000 * megabytePages, zeroPageCount: 0, duration: .seconds(1))
        func outlook(limit: Duration) -> MigrationOutlook {
            estimator.outlook(remainingByteCount: 1, syncDuration: .milliseconds(300), downtimeLimit: limit) {
                SwitchoverOverhead(finalSync: $0)
            }
        }
        func fitting(_ seconds: Double) -> Int { Int(seconds * 1000 * 1_048_576 / 1.1) }
        // 300 ms, of which a million pages may take 100.
        for _ in 0..<3 { estimator.recordSync(writtenPageCount: 1_000_000, duration: .milliseconds(300)) }
        #expect(abs(try #require(outlook(limit: .milliseconds(500)).affordableByteCount) - fitting(0.3)) < 2)
        estimator.recordSync(writtenPageCount: 1_000_000, duration: .milliseconds(300))
        let settled = outlook(limit: .milliseconds(500))
        let affordable = try #require(settled.affordableByteCount)
        #expect(abs(affordable - fitting(0.2)) < 2)
        let overhead = SwitchoverOverhead(finalSync: estimator.finalSync)
        #expect(
            estimator.shouldSwitchOver(
                pendingByteCount: affordable, downtimeLimit: .milliseconds(500), overhead: overhead))
        // Less that is written would tell: the limit is not too low, and something fits.
        let short = outlook(limit: .milliseconds(250))
        #expect(short.switchoverOverhead <= short.downtimeLimit)
        #expect(abs(try #require(short.affordableByteCount) - fitting(0.05)) < 2)
    }

    @Test func `syncs that find as many pages, or take less for more, do not shorten what the last may take`() {
        var estimator = SwitchoverEstimator()
        estimator.recordSync(writtenPageCount: 1_000_000, duration: .milliseconds(300))
        estimator.recordSync(writtenPageCount: 1_100_000, duration: .milliseconds(320))
        // A page costs 100 ns at most.
        #expect(isNear(estimator.finalSync, 0.3) && isNear(estimator.leastFinalSync, 0.2))
        estimator.recordSync(writtenPageCount: 4_000_000, duration: .milliseconds(100))
        #expect(isNear(estimator.finalSync, 0.3) && isNear(estimator.leastFinalSync, 0.3))
    }

    private func isNear(_ duration: Duration, _ seconds: Double) -> Bool { abs(duration.seconds - seconds) < 1e-9 }

    @Test func `zero pages of the first iteration do not raise the rate`() throws {
        var estimator = SwitchoverEstimator()
        estimator.record(pageCount: 1024 * megabytePages, zeroPageCount: 924 * megabytePages, duration: .seconds(1))
        #expect(try #require(estimator.ramBytesPerSecond) == 100 * 1_048_576)
    }

    @Test func `zero pages that the guest writes later do count`() throws {
        var estimator = SwitchoverEstimator()
        estimator.record(pageCount: 100 * megabytePages, zeroPageCount: 0, duration: .seconds(1))
        estimator.record(pageCount: 200 * megabytePages, zeroPageCount: 150 * megabytePages, duration: .seconds(1))
        #expect(try #require(estimator.ramBytesPerSecond) == 200 * 1_048_576)
    }

    @Test func `a slower last iteration lowers the rate at once, a faster one only with its share of a second`() throws
    {
        var slowed = SwitchoverEstimator()
        slowed.record(pageCount: 1000 * megabytePages, zeroPageCount: 0, duration: .seconds(10))
        slowed.record(pageCount: 10 * megabytePages, zeroPageCount: 0, duration: .milliseconds(500))
        #expect(try #require(slowed.ramBytesPerSecond) == 20 * 1_048_576)

        // 10 MiB that a limiter let pass in a burst.
        var burst = SwitchoverEstimator()
        burst.record(pageCount: 1000 * megabytePages, zeroPageCount: 0, duration: .seconds(10))
        burst.record(pageCount: 10 * megabytePages, zeroPageCount: 0, duration: .milliseconds(10))
        let rate = try #require(burst.ramBytesPerSecond) / 1_048_576
        #expect(abs(rate - 109) < 0.001)
    }

    @Test func `small iterations tell latency, not a rate`() throws {
        var estimator = SwitchoverEstimator()
        estimator.record(pageCount: 1000 * megabytePages, zeroPageCount: 0, duration: .seconds(10))
        for _ in 0..<100 {
            estimator.record(pageCount: 1, zeroPageCount: 0, duration: .milliseconds(5))
        }
        #expect(try #require(estimator.ramBytesPerSecond) == 100 * 1_048_576)
        let expected = try #require(
            estimator.expectedDowntime(pendingByteCount: 20 * 1_048_576, overhead: SwitchoverOverhead()))
        // 200 ms and a tenth by the rate, 5 ms of latency.
        #expect(expected > .milliseconds(224) && expected < .milliseconds(226))
    }

    @Test func `a guest whose memory is nearly all zero still switches over`() {
        // 100 GiB scanned in 50 s for 10 MiB of content: 0.2 MiB/s, of no meaning for the next megabyte.
        var estimator = SwitchoverEstimator()
        estimator.record(
            pageCount: 102_400 * megabytePages, zeroPageCount: 102_390 * megabytePages, duration: .seconds(50))
        let overhead = SwitchoverOverhead()
        #expect(
            !estimator.shouldSwitchOver(
                pendingByteCount: 1 << 20, downtimeLimit: .milliseconds(300), overhead: overhead))
        estimator.record(pageCount: megabytePages, zeroPageCount: 0, duration: .milliseconds(10))
        #expect(
            estimator.shouldSwitchOver(
                pendingByteCount: 1 << 20, downtimeLimit: .milliseconds(300), overhead: overhead))
        // Ten times as much as ever went in so short a time: no evidence.
        #expect(
            !estimator.shouldSwitchOver(
                pendingByteCount: 10 << 20, downtimeLimit: .milliseconds(300), overhead: overhead))
    }

    @Test func `overhead is taken off the limit before pages are`() throws {
        var estimator = SwitchoverEstimator()
        estimator.record(pageCount: 1000 * megabytePages, zeroPageCount: 0, duration: .seconds(10))
        let overhead = SwitchoverOverhead(
            finalSync: .milliseconds(20), deviceState: .milliseconds(30), commit: .milliseconds(40),
            verification: .milliseconds(100))
        let affordable = try #require(
            estimator.affordableByteCount(downtimeLimit: .milliseconds(300), overhead: overhead))
        #expect(affordable == Int(0.11 * 100 * 1_048_576 / 1.1))
        #expect(
            estimator.shouldSwitchOver(
                pendingByteCount: affordable, downtimeLimit: .milliseconds(301), overhead: overhead))
        #expect(
            !estimator.shouldSwitchOver(
                pendingByteCount: affordable + (1 << 20), downtimeLimit: .milliseconds(300), overhead: overhead))
        #expect(estimator.affordableByteCount(downtimeLimit: .milliseconds(100), overhead: overhead) == 0)
    }

    @Test func `a promised bandwidth replaces the estimate`() throws {
        var estimator = SwitchoverEstimator(promisedBandwidth: 10_000_000)
        #expect(
            estimator.expectedDowntime(
                pendingByteCount: 1_000_000, overhead: SwitchoverOverhead(commit: .milliseconds(50)))
                == .milliseconds(150))
        estimator.record(pageCount: 1000 * megabytePages, zeroPageCount: 0, duration: .seconds(10))
        #expect(
            estimator.affordableByteCount(downtimeLimit: .milliseconds(100), overhead: SwitchoverOverhead())
                == 1_000_000)
    }
}
