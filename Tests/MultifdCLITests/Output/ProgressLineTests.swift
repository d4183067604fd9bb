import Multifd
import MultifdCLI
import Testing

@Suite struct ProgressLineTests {
    private static let mebibyte = 1 << 20

    private static func snapshot(iteration: Int, remaining: Int, dirtied: [Int] = []) -> MigrationInfo {
        var info = MigrationInfo()
        info.status = .active
        info.ram.total = 1024 * mebibyte
        info.ram.remaining = remaining * mebibyte
        info.ram.iterationCount = iteration
        info.ram.mbps = 8000
        info.ram.pagesPerSecond = 256 * 1024
        info.iterations = dirtied.map { bytes in
            var iteration = IterationInfo()
            iteration.bytesDirtied = bytes * mebibyte
            return iteration
        }
        return info
    }

    private static let busy: MigrationInfo = {
        var info = snapshot(iteration: 3, remaining: 512, dirtied: [300, 40])
        info.ram.dirtyPagesRate = 51_200
        info.cpuThrottlePercentage = 20
        info.expectedDowntime = .milliseconds(45)
        var codec = CodecInfo(level: 1)
        codec.bytesIn = 2400
        codec.bytesOut = 1000
        info.codecs = ["zstd": codec]
        return info
    }()

    @Test func `a destination tells what has come, and not what is left`() {
        var info = Self.snapshot(iteration: 0, remaining: 0)
        var line = ProgressLine(isReceiving: true)
        #expect(line.render(info, width: 79) == "active")
        info.ram.transferred = 300 * Self.mebibyte
        #expect(line.render(info, width: 79) == "300 MiB received  1.00 GB/s  active")
        info.ram.iterationCount = 1
        #expect(line.render(info, width: 79) == "1 iteration  300 MiB received  1.00 GB/s  active")
        info.ram.iterationCount = 12
        #expect(line.render(info, width: 79) == "12 iterations  300 MiB received  1.00 GB/s  active")
        #expect(line.render(info, width: 30) == "300 MiB received  active")
    }

    @Test func `hashes that are compared are told in percent, rounded down`() {
        #expect(ProgressLine.render(comparison: 0.999, width: 79) == "comparing hashes  99 %")
        #expect(ProgressLine.render(comparison: 0, width: 9) == "comparing")
        #expect(ProgressLine.render(comparison: 1, width: -1) == "")
    }

    @Test func `it tells everything when there is room`() {
        var line = ProgressLine()
        #expect(
            line.render(Self.busy, width: 200)
                == "iteration 3  100 %  512 MiB left  340 MiB dirtied again  1.00 GB/s  2.4:1  dirties 210 MB/s  "
                + "throttled 20 %  downtime 45 ms  ETA 0.6 s")
    }

    @Test(arguments: 0...160) func `it fits into every width, and the percentage is the last to go`(width: Int) {
        var line = ProgressLine()
        let text = line.render(Self.busy, width: width)
        #expect(text.count <= width)
        if width >= 5 { #expect(text.contains("100 %")) }
    }

    private static func decision(
        _ from: Int, _ to: Int, _ reason: String, by trigger: ThrottleDecision.Trigger = .dirtyRate, vcpu: Int? = nil
    ) -> ThrottleDecision {
        ThrottleDecision(
            time: .milliseconds(2650), bytesDirtied: 62_900_000, bytesTransferred: 40_000_000, trigger: trigger,
            from: ThrottlePercentage(clamping: from), to: ThrottlePercentage(clamping: to), reason: reason, vcpu: vcpu)
    }

    @Test func `the last decision is told with its reason in short, cut to the room that is left`() {
        var line = ProgressLine()
        var info = Self.busy
        info.throttleDecisions = [
            Self.decision(
                0, 20, "dirtied 62.9 MB > 50 % of 40.0 MB transferred, second time: throttle 0 → 20 %"),
            Self.decision(20, 20, "no throttle will do"),
        ]
        let whole = line.render(info, width: 200)
        #expect(whole.contains("  throttle 0 → 20 %: dirtied 62.9 MB, sent 40 MB  downtime"))
        #expect(!whole.contains("throttled"))
        let narrow = line.render(info, width: whole.count - 5)
        #expect(narrow.contains("  throttle 0 → 20 %: dirtied 62.9 MB, sent…  downtime"))
        for width in 0...160 { #expect(line.render(info, width: width).count <= width) }
        // A terminal's usual width: what cannot be caught up with is known from the throttle.
        info.ram.dirtyPagesRate = 300_000
        #expect(
            line.render(info, width: 79)
                == "iteration 3  100 %  512 MiB left  1.00 GB/s  throttle 0 → 20 %: dirtied 62.9 M…")
    }

    @Test(
        arguments: [
            (ThrottleDecision.Trigger.prediction, nil, "dirtied 62.9 MB, sent 40 MB"),
            (.dirtyLimit, 3, "vCPU 3 dirtied 62.9 MB"),
            (.maximum, nil, "the maximum was lowered"),
        ] as [(ThrottleDecision.Trigger, Int?, String)])
    func `a decision is told with what was seen, whatever the words of its reason`(
        trigger: ThrottleDecision.Trigger, vcpu: Int?, seen: String
    ) {
        var line = ProgressLine()
        var info = Self.busy
        info.throttleDecisions = [Self.decision(20, 40, "any words of it, and more", by: trigger, vcpu: vcpu)]
        #expect(line.render(info, width: 200).contains("  throttle 20 → 40 %: \(seen)  downtime"))
    }

    @Test func `what would do is told when no throttle will, at once and to stay`() {
        let advice = Self.decision(20, 20, "a downtime limit of 2 s would do")
        #expect(
            ProgressLine.notice(of: .throttle(advice)) == "after 2.65 s: a downtime limit of 2 s would do")
        #expect(ProgressLine.notice(of: .throttle(Self.decision(0, 20, "dirtied"))) == nil)
        #expect(ProgressLine.notice(of: .progress(Self.busy)) == nil)
    }

    @Test func `the percentage never runs backwards`() {
        var line = ProgressLine()
        // 200 MiB are dirtied again in the middle of the first pass, and again after it.
        let snapshots = [
            Self.snapshot(iteration: 0, remaining: 0),
            Self.snapshot(iteration: 1, remaining: 1024),
            Self.snapshot(iteration: 1, remaining: 512),
            Self.snapshot(iteration: 1, remaining: 712),
            Self.snapshot(iteration: 1, remaining: 100),
            Self.snapshot(iteration: 2, remaining: 300, dirtied: [200]),
            Self.snapshot(iteration: 3, remaining: 10, dirtied: [200, 10]),
        ]
        let shown = snapshots.map { snapshot in
            line.render(snapshot, width: 200).split(separator: "  ").first { $0.hasSuffix("%") }
        }
        #expect(shown == [nil, "0 %", "50 %", "50 %", "90 %", "100 %", "100 %"])
    }

    @Test func `100 % is not said before it is so`() {
        var line = ProgressLine()
        #expect(line.render(Self.snapshot(iteration: 1, remaining: 1), width: 200).contains(" 99 %"))
    }

    @Test func `a guest that cannot be caught up with is told as such`() {
        var line = ProgressLine()
        var info = Self.snapshot(iteration: 2, remaining: 1000)
        info.ram.dirtyPagesRate = 300_000
        #expect(line.render(info, width: 200).hasSuffix("no ETA: the guest dirties 1.23 GB/s, 1.07 GB/s are sent"))
    }

    @Test(arguments: [MigrationStatus.none, .setup, .cancelling])
    func `before the first page the status is all there is`(status: MigrationStatus) {
        var line = ProgressLine()
        var info = MigrationInfo()
        info.status = status
        #expect(line.render(info, width: 80) == status.rawValue)
    }
}
