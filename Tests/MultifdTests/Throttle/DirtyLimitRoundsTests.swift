import Multifd
import Testing

@Suite struct DirtyLimitRoundsTests {
    private let megabyte = 1 << 20

    private func rounds() throws -> DirtyLimitRounds {
        DirtyLimitRounds(DirtyLimit(try DirtyQuota(mebibytesPerSecond: 10), vcpuCount: 2), triggerThreshold: 50)
    }

    /// A sync at which 100 MB had been sent each second, and vCPU 0 alone writes.
    private func sync(_ rounds: inout DirtyLimitRounds, second: Double, dirtied: Int, written: Int)
        -> [ThrottleDecision]
    {
        rounds.synced(
            SyncOutcome(
                time: .seconds(second), bytesDirtied: dirtied * megabyte, bytesWritten: dirtied * megabyte,
                bytesTransferred: Int(second * 100) * megabyte, ramBytesSent: 0,
                outlook: MigrationOutlook(remainingByteCount: 0), vcpuBytesWritten: [written * megabyte, 0]))
    }

    @Test func `it waits for the trigger, then holds the vCPU that writes`() throws {
        var rounds = try rounds()
        let first = sync(&rounds, second: 0, dirtied: 0, written: 0)
        // Low: 40 of 110 MB. However fast a vCPU writes, this converges.
        let low = sync(&rounds, second: 1.1, dirtied: 40, written: 40)
        let high = sync(&rounds, second: 2.2, dirtied: 90, written: 130)
        #expect((first + low + high).isEmpty)
        let decisions = sync(&rounds, second: 3.3, dirtied: 88, written: 218)
        let decision = try #require(decisions.first)
        #expect(decisions.count == 1 && decision.vcpu == 0 && decision.trigger == .dirtyLimit)
        // 88 MB in 1.1 s are 80 MB/s: an eighth is allowed.
        #expect(decision.to.rawValue == 88)
        #expect(decision.reason.contains("of 10.5 MB/s allowed: throttle 0 → 88 %"))
        #expect(rounds.throttle.rawValue == 88)

        let release = rounds.release(at: .seconds(4), reason: "cancelled")
        #expect(release.map(\.vcpu) == [0] && release.map(\.to) == [.off])
        #expect(rounds.throttle == .off)
    }

    @Test func `it wants a sync each period, but for the first iteration`() throws {
        var rounds = try rounds()
        _ = sync(&rounds, second: 5, dirtied: 0, written: 0)
        let isDue = [(7, 1), (5.9, 2), (6, 2)].map { second, count in
            rounds.isSyncDue(at: .seconds(second), dirtySyncCount: count)
        }
        #expect(isDue == [false, false, true])
        #expect(rounds.nextSyncTime == .seconds(6))
    }

    @Test func `a sync for another reason does not put the period's end off`() throws {
        var rounds = try rounds()
        _ = sync(&rounds, second: 5, dirtied: 0, written: 0)
        _ = sync(&rounds, second: 5.6, dirtied: 0, written: 0)
        #expect(rounds.nextSyncTime == .seconds(6))
        let isDue = rounds.isSyncDue(at: .seconds(6), dirtySyncCount: 3)
        #expect(isDue)
    }

    @Test func `a decision carries the bytes of its own period`() throws {
        let quota = try DirtyQuota(mebibytesPerSecond: 10, period: .milliseconds(100))
        var rounds = DirtyLimitRounds(DirtyLimit(quota, vcpuCount: 2), triggerThreshold: 50)
        _ = sync(&rounds, second: 0, dirtied: 0, written: 0)
        _ = sync(&rounds, second: 1.1, dirtied: 99, written: 99)
        _ = sync(&rounds, second: 2.2, dirtied: 99, written: 198)
        let decisions = sync(&rounds, second: 2.3, dirtied: 9, written: 207)
        let decision = try #require(decisions.first)
        #expect(decision.bytesDirtied == 9 * megabyte)
        // 10 MB in 100 ms; the last sample was of 110 MB.
        #expect((9...10).contains(decision.bytesTransferred / megabyte))
    }

    /// A vCPU that writes 100 KiB in each millisecond that it runs for: 5, 20 and 50 times what is allowed.
    @Test(arguments: [20, 5, 2], [10, 20, 50, 100, 1000])
    func `a vCPU that runs in slices is held to the quota, however short the period`(quota: Int, period: Int) throws {
        let limit = try DirtyQuota(mebibytesPerSecond: quota, period: .milliseconds(period))
        var rounds = DirtyLimitRounds(DirtyLimit(limit, vcpuCount: 1), triggerThreshold: 50)
        var (written, writtenAtFirst, ran, asleep) = (0, 0, 0, 0)
        // The first two seconds are the trigger's.
        for millisecond in 0..<62_000 {
            if millisecond == 4000 { writtenAtFirst = written }
            if millisecond % period == 0 {
                _ = rounds.synced(
                    SyncOutcome(
                        time: .milliseconds(millisecond), bytesDirtied: period * megabyte, bytesWritten: 0,
                        bytesTransferred: 0, ramBytesSent: 0, outlook: MigrationOutlook(remainingByteCount: 0),
                        vcpuBytesWritten: [written]))
            }
            guard asleep == 0 else {
                asleep -= 1
                continue
            }
            (written, ran) = (written + 100 * 1024, ran + 1)
            guard ran == 10 else { continue }
            (ran, asleep) = (0, 10 * rounds.throttle.rawValue / (100 - rounds.throttle.rawValue))
        }
        let rate = Double(written - writtenAtFirst) / 58 / Double(limit.bytesPerSecond)
        #expect((0.8...1.1).contains(rate), "\(rate)")
    }
}
