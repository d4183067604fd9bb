import Testing

@Suite struct UsageTests {
    struct Misuse: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let sentence: String
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ arguments: String..., says sentence: String) {
            self.arguments = arguments
            self.sentence = sentence
        }
    }

    @Test(arguments: [
        Misuse("fly", says: "Unexpected argument 'fly'"),
        Misuse("send", says: "Missing expected argument '<source>'"),
        Misuse("send", "image", "tcp:host:7000", "--nope", says: "Unknown option '--nope'"),
        Misuse(
            "send", "image", "host:7000",
            says: "'host:7000' is no migration URI: it starts with neither 'tcp:' nor 'unix:'"),
        Misuse(
            "send", "image", "tcp:host:70000",
            says: "'tcp:host:70000' is no migration URI: a port is a number from 0 to 65535"),
        Misuse(
            "send", "image", "tcp:host:7000", "--multifd-channels", "300",
            says: "Parameter 'multifd-channels' expects a value between 1 and 255, not 300"),
        Misuse(
            "send", "image", "tcp:host:7000", "--multifd-channels", "many",
            says: "The value 'many' is invalid for '--multifd-channels <count>'"),
        Misuse(
            "send", "image", "tcp:host:7000", "--multifd-compression", "lz4",
            says: "Parameter 'multifd-compression' does not accept value 'lz4': it accepts none, zlib, zstd"),
        Misuse(
            "send", "image", "tcp:host:7000", "--multifd-zstd-level", "-8",
            says: "Parameter 'multifd-zstd-level' expects a value between -7 and 20, not -8"),
        Misuse(
            "send", "image", "tcp:host:7000", "--xbzrle-cache-size", "100MB",
            says: "Parameter 'xbzrle-cache-size' expects a power of two of at least 4096 bytes, not 100000000"),
        Misuse(
            "send", "image", "tcp:host:7000", "--xbzrle-cache-size", "2048",
            says: "Parameter 'xbzrle-cache-size' expects a power of two of at least 4096 bytes, not 2048"),
        Misuse(
            "send", "image", "tcp:host:7000", "--xbzrle-cache-size", "1GiB",
            says: "Parameter 'xbzrle-cache-size' does nothing without 'xbzrle'"),
        Misuse(
            "send", "image", "tcp:host:7000", "--multifd-compression", "zlib", "--multifd-zstd-level", "3",
            says: "Parameter 'multifd-zstd-level' does nothing without 'multifd-compression zstd'"),
        Misuse(
            "send", "image", "tcp:host:7000", "--multifd-zstd-level", "3",
            says: "Parameter 'multifd-zstd-level' does nothing without 'multifd-compression zstd'"),
        Misuse(
            "demo", "--multifd-zlib-level", "3",
            says: "Parameter 'multifd-zlib-level' does nothing without 'multifd-compression zlib'"),
        Misuse(
            "qemu", "save", "vm", "--qmp", "unix:/none", "--multifd-zstd-level", "3",
            says: "Parameter 'multifd-zstd-level' does nothing without 'multifd-compression zstd'"),
        Misuse(
            "qemu", "restore", "vm", "--qmp", "unix:/none", "--multifd-zlib-level", "3",
            says: "Parameter 'multifd-zlib-level' does nothing without 'multifd-compression zlib'"),
        Misuse(
            "send", "workload:idle", "tcp:host:7000", "--qemu",
            says: "is no directory with a snapshot, and --qemu sends nothing else"),
        Misuse("send", "image", "tcp:host:7000", "--max-bandwidth", "10XB", says: "'XB' in '10XB' is no unit"),
        Misuse(
            "send", "image", "tcp:host:7000", "--downtime-limit", "2000001",
            says: "Parameter 'downtime-limit' expects a value between 0 and 2000000, not 2000001"),
        Misuse(
            "send", "image", "tcp:host:7000", "--timeout", "1000000001",
            says: "Parameter 'timeout' expects a value between 0 and 1000000000, not 1000000001"),
        Misuse(
            "send", "image", "tcp:host:7000", "--log-level", "loud",
            says: "Parameter 'log-level' does not accept value 'loud'"),
        Misuse(
            "send", "image", "tcp:host:7000", "--throttle-policy", "geometric",
            says: "Parameter 'throttle-policy' does nothing without 'auto-converge'"),
        Misuse(
            "send", "image", "tcp:host:7000", "--auto-converge", "--vcpu-dirty-limit", "5",
            says: "Parameter 'vcpu-dirty-limit' slows only the vCPUs that write and 'auto-converge' slows all of them"),
        Misuse(
            "send", "image", "tcp:host:7000", "--auto-converge", "--cpu-throttle-tailslow", "--policy", "dynamic",
            says: "Parameter 'cpu-throttle-tailslow' selects the policy 'tailslow', but 'dynamic' was asked for too"),
        Misuse(
            "send", "image", "tcp:host:7000", "--auto-converge", "--policy", "predictive", "--cpu-responsive-throttle",
            says: "Parameter 'cpu-responsive-throttle' does nothing with the policy 'predictive'"),
        Misuse(
            "send", "image", "tcp:host:7000", "--auto-converge", "--policy", "predictive", "--cpu-throttle-initial",
            "20",
            says: "Parameter 'cpu-throttle-initial' does nothing with the policy 'predictive': leave it out or choose "
                + "dynamic, tailslow-fixed, tailslow-parameters or tailslow"),
        Misuse(
            "send", "image", "tcp:host:7000", "--auto-converge", "--policy", "predictive",
            "--no-cpu-periodic-throttle",
            says: "Parameter 'cpu-periodic-throttle' does nothing with the policy 'predictive'"),
        Misuse(
            "send", "image", "tcp:host:7000", "--auto-converge", "--policy", "geometric", "--cpu-throttle-increment",
            "5",
            says: "Parameter 'cpu-throttle-increment' does nothing with the policy 'geometric'"),
        Misuse(
            "send", "image", "tcp:host:7000", "--auto-converge", "--policy", "legacy-2013",
            "--throttle-trigger-threshold", "50",
            says: "Parameter 'throttle-trigger-threshold' does nothing with the policy 'legacy-2013'"),
        Misuse(
            "simulate", "--auto-converge", "--policy", "legacy-2013", "--cpu-throttle-responsive",
            says: "Parameter 'cpu-responsive-throttle' does nothing with the policy 'legacy-2013'"),
        Misuse(
            "send", "image", "tcp:host:7000", "--auto-converge", "--policy", "dynamic", "--max-cpu-throttle", "10",
            says: "Parameter 'max-cpu-throttle' expects a value between 20 and 99, not 10"),
        Misuse(
            "send", "image", "tcp:host:7000", "--x-vcpu-dirty-limit-period", "100",
            says: "Parameter 'x-vcpu-dirty-limit-period' does nothing without 'vcpu-dirty-limit'"),
        Misuse("throttle", "run", "--cpu-throttle-percentage", "10", says: "give either --pid or --cgroup"),
        Misuse(
            "throttle", "run", "--pid", "0", "--cpu-throttle-percentage", "10",
            says: "Parameter 'pid' expects a value of at least 1, not 0"),
        Misuse(
            "send", "image", "tcp:host:7000", "--max-bandwidth", "7bit/s", says: "'7bit/s' is less than a byte"),
        Misuse(
            "throttle", "run", "--pid", "1", "--cpu-throttle-percentage", "10", "--duration", "inf",
            says: "--duration is more than 0 and at most 1000000000 s, not inf"),
        Misuse(
            "throttle", "run", "--cgroup", "/", "--cpu-throttle-percentage", "10", "--vcpus", "9223372036854775807",
            says: "Parameter 'vcpus' expects a value between 1 and 4096, not 9223372036854775807"),
        Misuse(
            "throttle", "run", "--pid", "1", "--cpu-throttle-percentage", "10", "--vcpus", "2",
            says: "Parameter 'vcpus' does nothing without 'cgroup'"),
        Misuse(
            "throttle", "replay", "samples", "--policy", "dynamic", "--no-cpu-periodic-throttle",
            says: "Parameter 'cpu-periodic-throttle' does nothing in a replay"),
        Misuse(
            "throttle", "replay", "samples", "--policy", "dynamic", "--cpu-periodic-throttle-interval", "2",
            says: "Parameter 'cpu-periodic-throttle-interval' does nothing in a replay"),
        Misuse(
            "simulate", "--changed-share", "0.5", says: "Parameter 'changed-share' does nothing without 'xbzrle'"),
        Misuse(
            "simulate", "--fit", "run.json", "--no-xbzrle", "--changed-share", "0.5",
            says: "Parameter 'changed-share' does nothing without 'xbzrle'"),
        Misuse("simulate", "--latency", "inf", says: "--latency is 0 to 60000 ms, not inf"),
        Misuse("simulate", "--latency", "1e30", says: "--latency is 0 to 60000 ms, not 1e+30"),
        Misuse("simulate", "--latency", "nan", says: "--latency is 0 to 60000 ms, not nan"),
        Misuse(
            "simulate", "--downtime-limit", "9223372036854775807",
            says: "Parameter 'downtime-limit' expects a value between 0 and 2000000, not"),
        Misuse(
            "simulate", "--timeout", "9223372036854775807",
            says: "Parameter 'timeout' expects a value between 1 and 1000000000, not"),
        Misuse(
            "simulate", "--multifd-channels", "256",
            says: "Parameter 'multifd-channels' expects a value between 1 and 255, not 256"),
        Misuse(
            "bench", "compression", "image", "--channels", "0",
            says: "Parameter 'channels' expects a value between 1 and 255, not 0"),
        Misuse(
            "receive", "tcp::0", "--snapshot", "vm", "--multifd-channels", "256",
            says: "Parameter 'multifd-channels' expects a value between 0 and 255, not 256"),
        Misuse(
            "receive", "tcp::0", "--timeout=-1", says: "Parameter 'timeout' expects a value of at least 0, not -1"),
        Misuse("simulate", "--ram", "2PiB", says: "--ram is at least a page, 4096 bytes, and at most 1 PiB"),
        Misuse("simulate", "--ram", "4095", says: "--ram is at least a page, 4096 bytes, and at most 1 PiB"),
        Misuse("simulate", "--device-state", "2048TiB", says: "--device-state is at most 1 PiB"),
        Misuse("simulate", "--published", "2013", "--random", "1", says: "give one of --fit, --random and --published"),
        Misuse(
            "simulate", "--published", "2014",
            says: "Parameter 'published' does not accept value '2014': it accepts rhel-30, rhel-50"),
        Misuse("simulate", "--zero-share", "2", says: "--zero-share is a share, 0 to 1, not 2"),
        Misuse("receive", "tcp::0", "--run", "--output", "file", says: "choose one"),
        Misuse("receive", "tcp::0", "--record", "one", "--snapshot", "two", says: "choose one"),
        Misuse("receive", "tcp::0", "--output", "", says: "--output expects the path of a file, not ''"),
        Misuse("receive", "tcp::0", "--output", "none/", says: "--output expects the path of a file, not 'none/'"),
        Misuse("receive", "tcp::0", "--snapshot", "", says: "--snapshot expects the path of a directory, not ''"),
        Misuse("receive", "tcp::0", "--record", "", says: "--record expects the path of a directory, not ''"),
        Misuse("qemu", "save", "", "--qmp", "unix:/none", says: "<directory> expects the path of a directory, not ''"),
        Misuse("receive", "tcp::0", "--multifd-channels", "2", says: "which --snapshot and --record receive"),
        Misuse(
            "send", "vm", "tcp:host:7000", "--sync-mode", "round",
            says: "--no-multifd, --sync-mode and --uuid are for a QEMU: give --qemu, too"),
        Misuse(
            "send", "vm", "tcp:host:7000", "--qemu", "--xbzrle",
            says: "Parameter 'xbzrle' does nothing when the peer is a QEMU: leave it out"),
        Misuse(
            "send", "vm", "tcp:host:7000", "--qemu", "--verify-memory",
            says: "Parameter 'verify-memory' does nothing when the peer is a QEMU: leave it out"),
        Misuse(
            "send", "vm", "tcp:host:7000", "--qemu", "--auto-converge",
            says: "Parameter 'auto-converge' does nothing when the peer is a QEMU: leave it out"),
        Misuse(
            "send", "vm", "tcp:host:7000", "--qemu", "--downtime-limit", "100",
            says: "Parameter 'downtime-limit' does nothing when the peer is a QEMU: leave it out"),
        Misuse(
            "send", "vm", "tcp:host:7000", "--qemu", "--path", "tcp:host:7001",
            says: "Parameter 'path' does nothing when the peer is a QEMU: leave it out"),
        Misuse("send", "vm", "tcp:host:7000", "--qemu", "--uuid", "1234", says: "'1234' is no UUID"),
        Misuse(
            "qemu", "restore", "vm", "--qmp", "unix:/none", "--zero-page-detection", "none",
            says: "Unknown option '--zero-page-detection'"),
        Misuse(
            "qemu", "save", "vm", "--qmp", "unix:/none", "--xbzrle",
            says: "Parameter 'xbzrle' does nothing without 'no-multifd'"),
        Misuse(
            "qemu", "save", "vm", "--qmp", "unix:/none", "--no-multifd", "--multifd-channels", "4",
            says: "Parameter 'multifd-channels' does nothing with 'no-multifd': leave one of them out"),
        Misuse(
            "qemu", "restore", "vm", "--qmp", "unix:/none", "--no-multifd", "--multifd-compression", "zstd",
            says: "Parameter 'multifd-compression' does nothing with 'no-multifd': leave one of them out"),
        Misuse(
            "send", "vm", "tcp:host:7000", "--qemu", "--no-multifd", "--multifd-channels", "4",
            says: "Parameter 'multifd-channels' does nothing with 'no-multifd': leave one of them out"),
        Misuse(
            "qemu", "save", "vm", "--qmp", "unix:/none", "--multifd-compression", "zstd", "--multifd-zstd-level", "-1",
            says: "Parameter 'multifd-zstd-level' expects a value between 0 and 20, not -1"),
        Misuse(
            "qemu", "save", "vm", "--qmp", "unix:/none", "--verify-memory", says: "Unknown option '--verify-memory'"),
        Misuse(
            "qemu", "save", "vm", "--qmp", "unix:/none", "--no-multifd", "--xbzrle-cache-size", "1GiB",
            says: "Parameter 'xbzrle-cache-size' does nothing without 'xbzrle'"),
        Misuse(
            "send", "vm", "tcp:host:7000", "--qemu", "--zero-page-detection", "none",
            says: "Parameter 'zero-page-detection' does nothing when the peer is a QEMU: leave it out"),
        Misuse(
            "qemu", "save", "vm", "--qmp", "unix:/none", "--cpu-throttle-initial", "30",
            says: "Parameter 'cpu-throttle-initial' does nothing without 'auto-converge'"),
        Misuse("send", "replay:", "tcp:host:7000", says: "'replay:' names no directory"),
        Misuse("send", "replay:vm,speed=0", "tcp:host:7000", says: "'0' is no speed of a replay"),
        Misuse(
            "send", "replay:vm,speed=sync", "tcp:host:7000", "--auto-converge",
            says: "Parameter 'auto-converge' does nothing with 'speed=sync': leave one of them out"),
        Misuse(
            "send", "replay:vm,speed=sync", "tcp:host:7000", "--vcpu-dirty-limit", "5",
            says: "Parameter 'vcpu-dirty-limit' does nothing with 'speed=sync': leave one of them out"),
    ]) func `wrong usage is told in a sentence on standard error, and exits with 2`(misuse: Misuse) throws {
        let run = try CommandRun(misuse.arguments).result()
        #expect(run.exitCode == 2)
        #expect(run.output == "")
        #expect(run.error.contains(misuse.sentence))
        #expect(run.error.hasPrefix("multifd: "))
        #expect(run.error.contains("--help' for more information"))
        #expect(run.error.split(separator: "\n").count == 2)
    }

    /// That the guest has no vCPUs shows when it is opened.
    @Test(arguments: [
        ("--auto-converge", "'auto-converge' and 'vcpu-dirty-limit' slow vCPUs down"),
        ("--xbzrle", "'xbzrle' sends what has changed since a page was last sent"),
    ]) func `what makes no sense with the guest is wrong usage, too`(option: String, sentence: String) throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 3)
        let run = try CommandRun.result("send", image, "tcp:127.0.0.1:1", option)
        #expect(run.exitCode == 2)
        #expect(run.error.hasPrefix("multifd: \(sentence)"))
    }

    @Test(arguments: [
        [], ["--help"], ["help", "send"], ["send", "--help"], ["receive", "--help"], ["demo", "--help"],
        ["simulate", "--help"], ["throttle", "replay", "--help"], ["throttle", "run", "--help"],
        ["qemu", "save", "--help"], ["qemu", "restore", "--help"], ["inspect", "--help"], ["bench", "--help"],
        ["bench", "channels", "--help"], ["bench", "compression", "--help"], ["bench", "matrix", "--help"],
    ])
    func `help goes to standard output, shows examples, and fits into 80 columns`(arguments: [String]) throws {
        let run = try CommandRun(arguments).result()
        #expect(run.exitCode == 0)
        #expect(run.error == "")
        #expect(run.output.contains("\n  multifd "))
        // The parser does not break a usage line.
        let lines = run.output.split(separator: "\n").filter { !$0.hasPrefix("USAGE:") }
        #expect(lines.allSatisfy { $0.count <= 80 })
    }

    @Test func `the version is told`() throws {
        let run = try CommandRun.result("--version")
        #expect(run.exitCode == 0)
        #expect(run.output.split(separator: ".").count == 3)
    }
}
