import Multifd
import Testing

struct WorkloadConfigurationTests {
    @Test func `every option is understood`() throws {
        let configuration = try WorkloadConfiguration(
            parsing:
                "workload:stress,ram=2GiB,vcpus=3,writers=2,working-set=50MiB,rate=200MB/s,fill=compressible:0.4,blocks=2,seed=7"
        )
        var expected = WorkloadConfiguration(.stress, ramByteCount: 2 << 30)
        expected.vcpuCount = 3
        expected.writerCount = 2
        expected.workingSet = ByteCount(rawValue: 50 << 20)
        expected.rate = ByteRate(rawValue: 200_000_000)
        expected.fill = .compressible(0.4)
        expected.blockCount = 2
        expected.seed = 7
        #expect(configuration == expected)
    }

    @Test func `defaults are a guest of 1 GiB and two vCPUs`() throws {
        let configuration = try WorkloadConfiguration(parsing: "workload:idle")
        #expect(configuration.ramByteCount == 1 << 30)
        #expect(configuration.vcpuCount == 2)
        #expect(configuration.fill == .mixed)
        #expect(configuration.rate == nil)
    }

    @Test(arguments: [
        "workload:idle", "workload:stress,ram=100MB,rate=1.5Gbit/s", "workload:counter,image=/dev/../tmp/a b,vcpus=1",
        "workload:mixed,fill=compressible:0.123456789,seed=18446744073709551615", "workload:hotset,blocks=16,ram=1MiB",
        "workload:random,fill=zero", "workload:random,fill=text,working-set=4097",
    ])
    func `a description parses back to the same configuration`(text: String) throws {
        let text = text.replacing("100MB", with: "100MiB")
        let configuration = try WorkloadConfiguration(parsing: text)
        #expect(try WorkloadConfiguration(parsing: configuration.description) == configuration)
    }

    @Test(
        arguments: [
            ("stress", .noWorkload("stress")), ("", .noWorkload("")), ("workload:", .unknownWorkload("")),
            ("workload:stres", .unknownWorkload("stres")), ("workload:stress,", .unknownOption("")),
            ("workload:stress,ram", .noValue(option: "ram")), ("workload:stress,ram=", .noValue(option: "ram")),
            ("workload:stress,mem=1GiB", .unknownOption("mem")),
            ("workload:stress,seed=1,seed=1", .repeatedOption("seed")),
            ("workload:stress,ram=lots", .quantity(option: "ram", .noNumber("lots"))),
            ("workload:stress,ram=0", .ramSize(byteCount: 0)), ("workload:stress,ram=4097", .ramSize(byteCount: 4097)),
            ("workload:stress,ram=8KiB,blocks=3", .ramSmallerThanBlocks(byteCount: 8192, blockCount: 3)),
            ("workload:stress,vcpus=0", .count(option: "vcpus", found: "0", 1...64)),
            ("workload:stress,vcpus=65", .count(option: "vcpus", found: "65", 1...64)),
            ("workload:stress,writers=3", .count(option: "writers", found: "3", 1...2)),
            ("workload:stress,vcpus=two", .count(option: "vcpus", found: "two", 1...64)),
            ("workload:stress,blocks=17", .count(option: "blocks", found: "17", 1...16)),
            (
                "workload:stress,ram=1MiB,working-set=2MiB",
                .workingSetTooLarge(byteCount: 2 << 20, ramByteCount: 1 << 20)
            ),
            ("workload:stress,working-set=0", .workingSetTooSmall(byteCount: 0, minimum: 8192)),
            ("workload:mixed,working-set=4KiB", .workingSetTooSmall(byteCount: 4096, minimum: 32768)),
            ("workload:stress,rate=0", .zeroRate),
            ("workload:stress,rate=0.5B/s", .quantity(option: "rate", .tooSmall("0.5B/s"))),
            ("workload:stress,fill=ones", .unknownFill("ones")),
            ("workload:stress,fill=compressible", .unknownFill("compressible")),
            ("workload:stress,fill=compressible:1.5", .compressibleShare("1.5")),
            ("workload:stress,fill=compressible:nan", .compressibleShare("nan")),
            ("workload:stress,seed=-1", .seed("-1")),
            ("workload:stress,seed=18446744073709551616", .seed("18446744073709551616")),
            ("workload:stress,image=a,ram=1GiB", .optionWithImage("ram")),
            ("workload:stress,fill=text,image=a", .optionWithImage("fill")),
            (
                "workload:stress,ram=9223372036854771712,working-set=9223372036854775807",
                .workingSetTooLarge(byteCount: Int.max, ramByteCount: 9_223_372_036_854_771_712)
            ),
        ] as [(String, WorkloadConfigurationError)])
    func `a bad description is refused with a sentence of its own`(text: String, error: WorkloadConfigurationError) {
        #expect(throws: error) { try WorkloadConfiguration(parsing: text) }
        #expect(error.description.count > 20)
    }

    @Test func `a description longer than a configuration may be is refused`() {
        let text = "workload:idle,image=/" + String(repeating: "a", count: 5000)
        #expect(throws: WorkloadConfigurationError.tooLong(byteCount: text.utf8.count)) {
            try WorkloadConfiguration(parsing: text)
        }
    }
}
