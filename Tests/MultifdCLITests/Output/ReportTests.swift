import Multifd
import MultifdCLI
import Testing

@Suite struct ReportTests {
    private static let info: MigrationInfo = {
        var info = MigrationInfo()
        info.status = .completed
        info.totalTime = .milliseconds(3200)
        info.downtime = .milliseconds(50)
        info.verified = true
        info.parameters = MigrationParameters()
        info.ram.total = 64 << 20
        info.ram.transferred = 80 << 20
        info.ram.mbps = 800
        info.ram.duplicate = 1
        info.ram.normal = 3
        var guest = GuestInfo()
        guest.speed = 91.6
        info.guest = guest
        var iteration = IterationInfo(iteration: 1)
        (iteration.pages, iteration.normal, iteration.duplicate) = (16384, 12288, 4096)
        iteration.transferred = 48 << 20
        iteration.duration = .milliseconds(500)
        iteration.mbps = 800
        iteration.bytesDirtied = 16 << 20
        iteration.remaining = 16 << 20
        info.iterations = [iteration]
        var channel = ChannelInfo(channel: 0, address: "tcp:host:7000")
        (channel.packets, channel.normal, channel.duplicate) = (128, 12288, 4096)
        (channel.bytesIn, channel.bytesOut) = (48 << 20, 48 << 20)
        channel.writingTime = .milliseconds(400)
        info.channels = [channel]
        info.throttleDecisions = [
            ThrottleDecision(
                time: .milliseconds(2650), bytesDirtied: 62_900_000, bytesTransferred: 40_000_000, trigger: .dirtyRate,
                from: .off, to: ThrottlePercentage(clamping: 20),
                reason: "dirtied 62.9 MB > 50 % of 40 MB transferred, second time: throttle 0 → 20 %"),
            ThrottleDecision(
                time: .milliseconds(3150), bytesDirtied: 0, bytesTransferred: 0, trigger: .release,
                from: ThrottlePercentage(clamping: 20), to: .off, reason: "completed: throttle 20 → 0 %"),
        ]
        return info
    }()

    @Test func `iterations that are not listed are counted`() {
        var info = Self.info
        info.iterationsLeftOut = LeftOutIterations()
        info.iterationsLeftOut?.count = 3
        #expect(text(of: info).contains("16.0 MiB 16.0 MiB\n\n(3 iterations in the middle not shown)\n"))
    }

    private static let totals =
        "completed in 3.2 s, verified: 64.0 MiB of RAM, 80.0 MiB sent at 100 MB/s, 25 % zero pages, "
        + "guest speed meanwhile 92 %"

    /// Without colours, which there are when the tests run on a terminal.
    private func text(of info: MigrationInfo) -> String {
        Report(info).text.replacing(/\u{1B}\[[0-9;]*m/, with: "")
    }

    @Test func `people read tables, the totals, the downtime, and why the guest was throttled`() {
        #expect(
            text(of: Self.info) == """
                iteration pages normal zero     sent   time     rate  dirtied     left
                --------- ----- ------ ---- -------- ------ -------- -------- --------
                        1 16384  12288 4096 48.0 MiB 500 ms 100 MB/s 16.0 MiB 16.0 MiB

                channel          peer packets normal zero       in      out encoding writing waiting
                ------- ------------- ------- ------ ---- -------- -------- -------- ------- -------
                      0 tcp:host:7000     128  12288 4096 48.0 MiB 48.0 MiB   0.0 ms  400 ms  0.0 ms

                \(Self.totals)
                downtime 50 ms of 300 ms allowed
                after 2.65 s: dirtied 62.9 MB > 50 % of 40 MB transferred, second time: throttle 0 → 20 %
                after 3.15 s: completed: throttle 20 → 0 %
                """)
    }
}
