import FoundationEssentials
import Multifd
import Testing

@Suite struct MigrationInfoTests {
    private func encode(_ info: MigrationInfo) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(info), as: UTF8.self)
    }

    /// Every field set, each to a value of its own.
    private static let full: MigrationInfo = {
        var info = MigrationInfo()
        info.status = .completed
        info.totalTime = .milliseconds(2000)
        info.setupTime = .microseconds(12_001)
        info.expectedDowntime = .milliseconds(45)
        info.downtime = .microseconds(43_001)
        info.cpuThrottlePercentage = 20
        info.errorDescription = "no route"
        info.ram.transferred = 1
        info.ram.remaining = 2
        info.ram.total = 3
        info.ram.duplicate = 4
        info.ram.normal = 5
        info.ram.normalBytes = 6
        info.ram.dirtyPagesRate = 7
        info.ram.mbps = 8.5
        info.ram.dirtySyncCount = 9
        info.ram.iterationCount = 10
        info.ram.multifdBytes = 11
        info.ram.pagesPerSecond = 12
        info.ram.precopyBytes = 13
        info.ram.downtimeBytes = 14
        info.ram.dirtySyncMissedZeroCopy = 15
        var cache = XBZRLECacheInfo()
        cache.cacheSize = 1
        cache.bytes = 2
        cache.pages = 3
        cache.cacheMiss = 4
        cache.cacheMissRate = 0.5
        cache.encodingRate = 6.5
        cache.overflow = 7
        cache.unchanged = 8
        info.xbzrleCache = cache
        info.verified = true
        info.uri = "tcp:127.0.0.1:7000"
        var parameters = MigrationParameters()
        parameters.timeout = .milliseconds(1500)
        parameters.vcpuDirtyLimit = 20
        info.parameters = parameters
        var guest = GuestInfo()
        guest.ramBlocks = [RAMBlockInfo(name: "ram0", size: 4096)]
        guest.workload = "workload:stress"
        guest.steps = [1, 2]
        guest.speed = 97.5
        guest.dirtyTracking = "kernel"
        info.guest = guest
        var iteration = IterationInfo(iteration: 1)
        iteration.pages = 2
        iteration.normal = 3
        iteration.duplicate = 4
        iteration.delta = 5
        iteration.unchanged = 6
        iteration.transferred = 7
        iteration.duration = .microseconds(8125)
        iteration.mbps = 9
        iteration.bytesDirtied = 10
        iteration.remaining = 11
        iteration.cpuThrottlePercentage = 12
        info.iterations = [iteration]
        var channel = ChannelInfo(channel: 0, address: "127.0.0.1:7000")
        channel.packets = 1
        channel.normal = 2
        channel.duplicate = 3
        channel.delta = 4
        channel.bytesIn = 5
        channel.bytesOut = 6
        channel.encodingTime = .milliseconds(7)
        channel.writingTime = .milliseconds(8)
        channel.waitingTime = .microseconds(1)
        info.channels = [channel]
        var codec = CodecInfo(level: 1)
        codec.bytesIn = 2
        codec.bytesOut = 3
        codec.encodingTime = .milliseconds(4)
        codec.rawFallbacks = 5
        codec.packets = 6
        info.codecs = ["zstd": codec]
        let decision = ThrottleDecision(
            time: .milliseconds(1), bytesDirtied: 2, bytesTransferred: 3, trigger: .dirtyRate,
            from: ThrottlePercentage(clamping: 20), to: ThrottlePercentage(clamping: 30),
            reason: "dirtied more than sent")
        info.throttleDecisions = [decision]
        var breakdown = DowntimeBreakdown()
        breakdown.pause = .microseconds(100)
        breakdown.finalSync = .milliseconds(2)
        breakdown.finalIteration = .milliseconds(3)
        breakdown.deviceState = .milliseconds(4)
        breakdown.commit = .milliseconds(5)
        breakdown.resume = .milliseconds(6)
        info.downtimeBreakdown = breakdown
        return info
    }()

    @Test func `the document has the field's names and units`() throws {
        #expect(
            try encode(Self.full) == """
                {
                  "channels" : [
                    {
                      "address" : "127.0.0.1:7000",
                      "bytes-in" : 5,
                      "bytes-out" : 6,
                      "channel" : 0,
                      "delta" : 4,
                      "duplicate" : 3,
                      "encoding-time" : 7,
                      "normal" : 2,
                      "packets" : 1,
                      "unchanged" : 0,
                      "waiting-time" : 0.001,
                      "writing-time" : 8
                    }
                  ],
                  "codecs" : {
                    "zstd" : {
                      "bytes-in" : 2,
                      "bytes-out" : 3,
                      "encoding-time" : 4,
                      "level" : 1,
                      "packets" : 6,
                      "raw-fallbacks" : 5
                    }
                  },
                  "cpu-throttle-percentage" : 20,
                  "downtime" : 44,
                  "downtime-breakdown" : {
                    "commit" : 5,
                    "device-state" : 4,
                    "final-iteration" : 3,
                    "final-sync" : 2,
                    "pause" : 0.1,
                    "resume" : 6
                  },
                  "error-desc" : "no route",
                  "expected-downtime" : 45,
                  "guest" : {
                    "dirty-tracking" : "kernel",
                    "guest-speed" : 97.5,
                    "ram-blocks" : [
                      {
                        "name" : "ram0",
                        "size" : 4096
                      }
                    ],
                    "steps" : [
                      1,
                      2
                    ],
                    "workload" : "workload:stress"
                  },
                  "iterations" : [
                    {
                      "bytes-dirtied" : 10,
                      "cpu-throttle-percentage" : 12,
                      "delta" : 5,
                      "duplicate" : 4,
                      "duration" : 8.125,
                      "iteration" : 1,
                      "mbps" : 9,
                      "normal" : 3,
                      "pages" : 2,
                      "remaining" : 11,
                      "transferred" : 7,
                      "unchanged" : 6
                    }
                  ],
                  "parameters" : {
                    "auto-converge" : false,
                    "avail-switchover-bandwidth" : 0,
                    "cpu-periodic-throttle" : true,
                    "cpu-periodic-throttle-interval" : 5,
                    "cpu-responsive-throttle" : false,
                    "cpu-throttle-geometric-rate" : 30,
                    "cpu-throttle-increment" : 10,
                    "cpu-throttle-initial" : 20,
                    "cpu-throttle-tail-rate" : 100,
                    "cpu-throttle-tail-start" : 100,
                    "downtime-limit" : 300,
                    "max-bandwidth" : 0,
                    "max-cpu-throttle" : 99,
                    "multifd-channels" : 2,
                    "multifd-compression" : "none",
                    "multifd-zlib-level" : 1,
                    "multifd-zstd-level" : 1,
                    "throttle-policy" : "predictive",
                    "throttle-trigger-threshold" : 50,
                    "timeout" : 1.5,
                    "vcpu-dirty-limit" : 20,
                    "verify-memory" : false,
                    "x-vcpu-dirty-limit-period" : 1000,
                    "xbzrle" : false,
                    "xbzrle-cache-size" : 67108864,
                    "zero-page-detection" : "multifd"
                  },
                  "ram" : {
                    "dirty-pages-rate" : 7,
                    "dirty-sync-count" : 9,
                    "dirty-sync-missed-zero-copy" : 15,
                    "downtime-bytes" : 14,
                    "duplicate" : 4,
                    "iteration-count" : 10,
                    "mbps" : 8.5,
                    "multifd-bytes" : 11,
                    "normal" : 5,
                    "normal-bytes" : 6,
                    "page-size" : 4096,
                    "pages-per-second" : 12,
                    "precopy-bytes" : 13,
                    "remaining" : 2,
                    "total" : 3,
                    "transferred" : 1
                  },
                  "setup-time" : 13,
                  "status" : "completed",
                  "throttle-decisions" : [
                    {
                      "bytes-dirtied" : 2,
                      "bytes-transferred" : 3,
                      "from" : 20,
                      "reason" : "dirtied more than sent",
                      "time" : 1,
                      "to" : 30,
                      "trigger" : "dirty-rate"
                    }
                  ],
                  "total-time" : 2000,
                  "uri" : "tcp:127.0.0.1:7000",
                  "verified" : true,
                  "xbzrle-cache" : {
                    "bytes" : 2,
                    "cache-miss" : 4,
                    "cache-miss-rate" : 0.5,
                    "cache-size" : 1,
                    "encoding-rate" : 6.5,
                    "overflow" : 7,
                    "pages" : 3,
                    "unchanged" : 8
                  }
                }
                """)
    }

    @Test func `what means nothing at the moment is left out, not null`() throws {
        let text = try encode(MigrationInfo())
        for name in [
            "expected-downtime", "\"downtime\"", "cpu-throttle-percentage", "error-desc", "xbzrle-cache", "\"uri\"",
            "parameters", "guest", "downtime-breakdown", "null",
        ] {
            #expect(!text.contains(name))
        }
    }

    @Test func `a document reads back as what was written, to the unit's precision`() throws {
        let decoded = try JSONDecoder().decode(MigrationInfo.self, from: Data(encode(Self.full).utf8))
        var expected = Self.full
        expected.setupTime = .milliseconds(13)
        expected.downtime = .milliseconds(44)
        #expect(try encode(decoded) == encode(expected))
    }

    @Test(arguments: [
        (MultifdCompression.none, []), (.auto, []), (.zlib, ["multifd-zlib-level"]), (.zstd, ["multifd-zstd-level"]),
    ]) func `a destination tells no parameter that it does not know`(codec: MultifdCompression, level: [String]) throws
    {
        var info = MigrationInfo()
        var parameters = MigrationParameters()
        parameters.multifdCompression = codec
        parameters.level = 7
        parameters.verifyMemory = true
        info.agree(on: parameters)
        let text = try encode(info)
        let known = ["multifd-channels", "multifd-compression", "verify-memory", "xbzrle"] + level
        let section = try #require(text.firstMatch(of: /"parameters" : {([^}]*)}/)).1
        #expect(section.matches(of: /"([a-z-]+)" :/).map { String($0.1) } == known.sorted())
        #expect(try JSONDecoder().decode(MigrationInfo.self, from: Data(text.utf8)) == info)
    }

    @Test(arguments: [
        (MigrationStatus.none, "none"), (.setup, "setup"), (.active, "active"), (.preSwitchover, "pre-switchover"),
        (.device, "device"), (.completed, "completed"), (.failed, "failed"), (.cancelling, "cancelling"),
        (.cancelled, "cancelled"), (.postcopyActive, "postcopy-active"), (.colo, "colo"),
    ]) func `statuses have the field's names`(status: MigrationStatus, name: String) {
        #expect(status.rawValue == name)
    }
}
