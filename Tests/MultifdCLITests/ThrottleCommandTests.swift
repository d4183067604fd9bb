import Foundation
import Multifd
import Testing

@Suite(.serialized) struct ThrottleCommandTests {
    @Test func `a recording that cannot be written is told before the migration begins`() throws {
        let run = try CommandRun.result(
            "send", "workload:idle,ram=1MiB", "tcp:127.0.0.1:1", "--auto-converge", "--record", "/nowhere/samples")
        #expect(run.exitCode == 1)
        #expect(run.error.hasPrefix("multifd: cannot write the file '/nowhere/samples': No such file or directory"))
    }

    @Test func `a migration that never begins leaves the recording of the one before`() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path("samples")
        try Data("before".utf8).write(to: URL(fileURLWithPath: file))
        let run = try CommandRun.result(
            "send", "workload:idle,ram=1MiB", "tcp:127.0.0.1:1", "--auto-converge", "--record", file)
        #expect(run.exitCode == 1)
        #expect(run.error.contains("multifd: nothing is recorded in '\(file)'"))
        #expect(try directory.contents("samples") == Data("before".utf8))
    }

    @Test func `a run is recorded, and replayed with another policy`() throws {
        let directory = try TemporaryDirectory()
        let destination = try CommandRun(["receive", "tcp:127.0.0.1:0"])
        let uri = String(try destination.nextOutputLine().dropFirst("listening on ".count))
        let file = directory.path("samples")
        let sent = try CommandRun.result(
            "send", "workload:stress,ram=32MiB,vcpus=1,working-set=8MiB,rate=60MB/s", uri, "--max-bandwidth", "20MB/s",
            "--downtime-limit", "100", "--auto-converge", "--policy", "dynamic", "--timeout", "8", "--record", file)
        _ = try destination.result()
        let recording = try JSONDecoder().decode(ThrottleRecording.self, from: directory.contents("samples"))
        #expect(recording.samples.count >= 4)
        #expect(sent.exitCode == 1)
        let same = try CommandRun.result("throttle", "replay", file)
        let other = try CommandRun.result("throttle", "replay", file, "--policy", "geometric", "--json")
        #expect(same.exitCode == 0 && same.output.contains("second time: throttle 0 → 20 %"))
        let decisions = try JSONDecoder().decode([ThrottleDecision].self, from: Data(other.output.utf8))
        #expect(decisions.first?.to == ThrottlePercentage(clamping: 30))
    }

    /// What a run had, and not a default, decides what a parameter is good for.
    @Test func `a parameter of the recorded policy need not be told which that is`() throws {
        let directory = try TemporaryDirectory()
        let sample = PeriodSample(
            time: .milliseconds(1500), duration: .milliseconds(1500), bytesDirtied: 2000, bytesTransferred: 1000)
        let throttle = ThrottleParameters(policy: .geometric)
        let recording = ThrottleRecording(parameters: throttle, samples: [sample, sample])
        let samples = directory.path("samples")
        try Data(Self.text(of: recording).utf8).write(to: URL(fileURLWithPath: samples))
        var info = Self.fitted
        info.parameters?.autoConverge = true
        info.parameters?.throttle = throttle
        let report = directory.path("run.json")
        try Data(Self.text(of: info).utf8).write(to: URL(fileURLWithPath: report))

        let rate = ["--cpu-throttle-geometric-rate", "50"]
        let replayed = try CommandRun(["throttle", "replay", samples, "--json"] + rate).result()
        let decisions = try JSONDecoder().decode([ThrottleDecision].self, from: Data(replayed.output.utf8))
        #expect(decisions.map(\.to.rawValue) == [50], "\(replayed.error)")
        let simulated = try CommandRun(["simulate", "--fit", report, "--json"] + rate).result()
        let document = try JSONSerialization.jsonObject(with: Data(simulated.output.utf8)) as? [String: Any]
        #expect(document?["throttle-policy"] as? String == "geometric", "\(simulated.error)")
        for command in [["throttle", "replay", samples], ["simulate", "--fit", report]] {
            for wrong in [["--policy", "predictive"] + rate, ["--cpu-throttle-geometric-rate", "101"]] {
                #expect(try CommandRun(command + wrong).result().exitCode == 2, "\(command) \(wrong)")
            }
        }
    }

    private func model(_ options: String...) throws -> NSDictionary? {
        let run = try CommandRun(["simulate", "--timeout", "20", "--json"] + options).result()
        let document = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? NSDictionary
        return document?["model"] as? NSDictionary
    }

    @Test func `as many vCPUs as a guest has change nothing, and twice as many write twice as much`() throws {
        // One of its two vCPUs writes.
        let guest = try #require(try model("--published", "rhel-60"))
        #expect(try model("--published", "rhel-60", "--vcpus", "2") == guest)
        let larger = try model("--published", "rhel-60", "--vcpus", "4")?.value(forKey: "guest") as? NSDictionary
        let region = try #require((larger?["regions"] as? [NSDictionary])?.first)
        #expect(larger?["vcpus"] as? Int == 4 && region["vcpus"] as? Int == 2)
        #expect(region["working-set"] as? Int == 120 << 20 && region["rate"] as? Double == 980e6)
        let smaller = try model("--published", "rhel-60", "--vcpus", "1")?.value(forKey: "guest") as? NSDictionary
        #expect((smaller?["regions"] as? [NSDictionary])?.first?["vcpus"] as? Int == 1)
    }

    @Test func `what is promised for the switchover decides when it comes`() throws {
        let guest = ["simulate", "--rate", "2GB/s", "--max-bandwidth", "50MB/s", "--timeout", "400"]
        let estimated = try CommandRun(guest).result()
        let promised = try CommandRun(guest + ["--avail-switchover-bandwidth", "1GB/s"]).result()
        #expect(estimated.output.contains("failed in"))
        #expect(promised.output.contains("completed in"))
    }

    @Test func `deltas of a published guest have what the help says`() throws {
        let guest = try model("--published", "rhel-60", "--xbzrle")?.value(forKey: "guest") as? NSDictionary
        let region = try #require((guest?["regions"] as? [NSDictionary])?.first)
        #expect(region["changed-share"] as? Double == 0.1)
    }

    @Test func `a simulation of any link is told to people, too`() throws {
        let run = try CommandRun.result("simulate", "--bandwidth", "9223372036854775807")
        #expect(run.exitCode == 0 && run.output.contains("TB/s"))
    }

    @Test func `a simulated dirty limit slows the writers, and goes with no other throttle`() throws {
        let guest = ["--vcpus", "4", "--working-set", "256MiB", "--rate", "400MB/s", "--bandwidth", "125MB/s"]
        let run = try CommandRun(["simulate", "--vcpu-dirty-limit", "10", "--json"] + guest).result()
        let document = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        #expect(document?["status"] as? String == "completed")
        #expect(document?["throttle-policy"] as? String == "vcpu-dirty-limit")
        let decisions = try #require(document?["throttle-decisions"] as? [[String: Any]])
        #expect(Set(decisions.compactMap { $0["vcpu"] as? Int }) == [0, 1, 2, 3])
        for wrong in [
            ["--vcpu-dirty-limit", "10", "--auto-converge"], ["--vcpu-dirty-limit", "10", "--all-policies"],
            ["--vcpu-dirty-limit", "0"], ["--x-vcpu-dirty-limit-period", "10"],
        ] {
            let refused = try CommandRun(["simulate"] + wrong).result()
            #expect(refused.exitCode == 2 && refused.error.contains("vcpu-dirty-limit"), "\(wrong)")
        }
    }

    @Test func `a simulated dirty limit takes the threshold, as a live one does, and nothing else of auto-converge`()
        throws
    {
        let limit = ["simulate", "--json", "--vcpu-dirty-limit", "10", "--throttle-trigger-threshold", "30"]
        let run = try CommandRun(limit).result()
        let document = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        #expect((document?["model"] as? [String: Any])?["dirty-limit-threshold"] as? Int == 30)
        let refused = try CommandRun(limit + ["--cpu-throttle-initial", "30"]).result()
        #expect(refused.exitCode == 2 && refused.error.contains("'cpu-throttle-initial' does nothing without"))
    }

    @Test(arguments: ["9223372036854775807", "101", "0", "-5"])
    func `a fitted dirty limit has a threshold in the range that a live one has`(threshold: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("run.json")
        try Data(Self.text(of: Self.fitted).utf8).write(to: URL(fileURLWithPath: path))
        let limit = ["simulate", "--fit", path, "--timeout", "9", "--vcpu-dirty-limit", "50"]
        #expect(try CommandRun(limit + ["--throttle-trigger-threshold=100"]).result().exitCode == 0)
        let run = try CommandRun(limit + ["--throttle-trigger-threshold=\(threshold)"]).result()
        #expect(run.exitCode == 2)
        let sentence = "Parameter 'throttle-trigger-threshold' expects a value between 1 and 100, not \(threshold)"
        #expect(run.error.contains(sentence))
    }

    /// Of a guest that rewrites a quarter of its memory whenever it is looked at.
    private static let fitted: MigrationInfo = {
        var info = MigrationInfo()
        info.parameters = MigrationParameters()
        info.ram.total = 64 << 20
        info.iterations = (1...8).map { number in
            var iteration = IterationInfo(iteration: number)
            (iteration.pages, iteration.normal) = number == 1 ? (16384, 16384) : (4096, 4096)
            iteration.transferred = iteration.normal << 12
            iteration.duration = .milliseconds(iteration.normal / 4)
            iteration.remaining = 16 << 20
            return iteration
        }
        return info
    }()

    /// Of a guest that has little to rewrite, in a run that was held to 20 MB/s.
    private static let heldRun: MigrationInfo = {
        var info = MigrationInfo()
        info.status = .completed
        info.parameters = MigrationParameters()
        info.parameters?.maxBandwidth = 20_000_000
        info.ram.total = 64 << 20
        info.totalTime = .milliseconds(3400)
        info.channels = (0..<2).map { number in
            var channel = ChannelInfo(channel: number)
            (channel.bytesIn, channel.encodingTime) = (32 << 20, .milliseconds(10))
            return channel
        }
        var iteration = IterationInfo(iteration: 1)
        (iteration.pages, iteration.normal, iteration.transferred) = (16384, 16384, 64 << 20)
        iteration.duration = .milliseconds(3355)
        info.iterations = [iteration, IterationInfo(iteration: 2)]
        return info
    }()

    /// A run tells what its link and channels moved, and nothing of more of them.
    @Test(arguments: [
        ([], false), (["--max-bandwidth", "10MB/s"], false), (["--max-bandwidth", "22MB/s"], false),
        (["--max-bandwidth", "0"], true),
        (["--max-bandwidth", "30MB/s"], true), (["--multifd-channels", "8"], true),
        (["--multifd-channels", "1"], false),
        (["--max-bandwidth", "0", "--bandwidth", "1GB/s"], true),
        (["--max-bandwidth", "0", "--bandwidth", "1GB/s", "--channel-rate", "500MB/s"], false),
        (["--max-bandwidth", "0", "--all-policies"], true),
    ]) func `what a run does not tell of a link is told to people and programs`(options: [String], isGuess: Bool) throws
    {
        let directory = try TemporaryDirectory()
        let path = directory.path("run.json")
        try Data(Self.text(of: Self.heldRun).utf8).write(to: URL(fileURLWithPath: path))
        let run = try CommandRun(["simulate", "--fit", path, "--json"] + options).result()
        let document = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        let caveats = try #require(document?["caveats"] as? [String])
        #expect(caveats.count == (isGuess ? 1 : 0))
        #expect(caveats.allSatisfy { $0.contains("2 channels and at most 20 MB/s") && $0.contains("--channel-rate") })
        #expect(run.error == caveats.map { "multifd: \($0)\n" }.joined())
    }

    @Test func `a document is read from a pipe, too`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("run.json")
        try Data(Self.text(of: Self.heldRun).utf8).write(to: URL(fileURLWithPath: path))
        let run = try CommandRun(["simulate", "--fit", "/dev/stdin"], by: "cat '\(path)' | \"$@\"").result()
        #expect(run.exitCode == 0 && run.output.contains("\nfit: the run completed in"), "\(run.error)")
    }

    @Test(arguments: [[], ["--max-bandwidth", "10MB/s"], ["--all-policies"]])
    func `a fit tells how long the run took and its model does, whatever else is asked`(options: [String]) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("run.json")
        try Data(Self.text(of: Self.heldRun).utf8).write(to: URL(fileURLWithPath: path))
        let command = ["simulate", "--fit", path] + options
        let document =
            try JSONSerialization.jsonObject(
                with: Data(try CommandRun(command + ["--json"]).result().output.utf8)) as? [String: Any]
        let fit = try #require(document?["fit"] as? [String: Any])
        #expect(fit["run-status"] as? String == "completed" && fit["model-status"] as? String == "completed")
        #expect(fit["run-total-time"] as? Int == 3400)
        let time = try #require(fit["model-total-time"] as? Int)
        #expect((3300...3500).contains(time))
        let text = try CommandRun(command).result().output
        #expect(text.contains("\nfit: the run completed in 3.4 s, its model in 3."), "\(text)")
    }

    @Test func `a fit that knows a rate only from below says so on standard error`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("run.json")
        try Data(Self.text(of: Self.fitted).utf8).write(to: URL(fileURLWithPath: path))
        let text = try CommandRun(["simulate", "--fit", path, "--timeout", "9"]).result()
        #expect(text.exitCode == 0 && text.output.contains("MB/s or more"))
        #expect(text.error.split(separator: "\n").count == 1 && text.error.contains("at least"))
        let known = try CommandRun(["simulate", "--fit", path, "--timeout", "9", "--rate", "100MB/s"]).result()
        #expect(known.exitCode == 0 && known.error == "")
    }

    @Test(arguments: [
        (["--working-set", "4000000TiB", "--vcpus", "4096"], true),
        (["--working-set", "1024TiB", "--rate", "9000000TB/s", "--vcpus", "4096", "--auto-converge"], true),
        (
            [
                "--ram", "1024TiB", "--bandwidth", "9000000TB/s", "--channel-rate", "9000000TB/s", "--downtime-limit",
                "2000000",
            ], false
        ),
        (["--bandwidth", "1B/s", "--ram", "1024TiB", "--vcpu-dirty-limit", "1048576"], false),
        (["--random", "5", "--ram", "10MB", "--auto-converge"], true),
        (["--downtime-limit", "0", "--timeout", "1", "--all-policies"], false),
    ]) func `a simulation of anything ends, and has no more memory than it was given, and says so`(
        options: [String], isCut: Bool
    ) throws {
        let run = try CommandRun(["simulate", "--json"] + options).result()
        #expect(run.exitCode == 0)
        #expect(run.error.split(separator: "\n").count == (isCut ? 1 : 0))
        #expect(run.error == "" || run.error.hasPrefix("multifd: all vCPUs together are to rewrite "))
        let document = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        #expect((document?["caveats"] as? [String])?.count == (isCut ? 1 : 0))
        guard let guest = (document?["model"] as? [String: Any])?["guest"] as? [String: Any] else { return }
        let regions = try #require(guest["regions"] as? [[String: Any]])
        let written = regions.compactMap { $0["working-set"] as? Int }.reduce(0, +)
        #expect(try #require(guest["ram"] as? Int) >= written)
    }

    /// Each sets one number of a file that the command wrote to one that nothing has.
    @Test(arguments: [
        (["throttle", "replay"], "\"time\": 1500", "\"time\": 1e300"),
        (["throttle", "replay"], "\"bytes-transferred\": 1000", "\"bytes-transferred\": 9000000000000000000"),
        (["throttle", "replay"], "\"duration\": 1500", "\"duration\": 0"),
        (["simulate", "--fit"], "\"duration\": 2000", "\"duration\": 1e300"),
        (["simulate", "--fit"], "\"remaining\": 3000", "\"remaining\": 9000000000000000000"),
        (["simulate", "--fit"], "\"remaining\": 3000", "\"remaining\": -1"),
    ]) func `a file with a number that cannot be is refused in a sentence`(
        command: [String], number: String, wrong: String
    ) throws {
        let directory = try TemporaryDirectory()
        let isRecording = command[0] == "throttle"
        let text: String
        if isRecording {
            let sample = PeriodSample(
                time: .milliseconds(1500), duration: .milliseconds(1500), bytesDirtied: 2000, bytesTransferred: 1000)
            let recording = ThrottleRecording(parameters: ThrottleParameters(policy: .dynamic), samples: [sample])
            text = try Self.text(of: recording)
        } else {
            var info = MigrationInfo()
            info.parameters = MigrationParameters()
            info.ram.total = 1 << 20
            var iteration = IterationInfo(iteration: 1)
            (iteration.pages, iteration.normal, iteration.duration) = (256, 256, .seconds(2))
            iteration.remaining = 3000
            info.iterations = [iteration]
            text = try Self.text(of: info)
        }
        let path = directory.path("file")
        func run(_ text: String) throws -> CommandRun.Result {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            return try CommandRun(command + [path]).result()
        }
        #expect(try run(text).exitCode == 0)
        #expect(text.contains(number))
        let refused = try run(text.replacingOccurrences(of: number, with: wrong))
        #expect(refused.exitCode == 1)
        #expect(refused.error.hasPrefix("multifd: ") && refused.error.split(separator: "\n").count == 1)
    }

    private static func text(of document: some Encodable) throws -> String {
        try String(decoding: JSONEncoder().encode(document), as: UTF8.self).replacingOccurrences(
            of: "\":", with: "\": ")
    }

    @Test func `a simulation tells people and programs the same`() throws {
        let options = [
            "--ram", "1TiB", "--working-set", "1GiB", "--rate", "2GB/s", "--downtime-limit", "5000", "--auto-converge",
        ]
        let text = try CommandRun(["simulate"] + options).result()
        let json = try CommandRun(["simulate", "--json"] + options).result()
        let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(document?["status"] as? String == "completed")
        let throttle = try #require(document?["highest-cpu-throttle-percentage"] as? Int)
        #expect(text.output.contains("throttle at most \(throttle) %"))
        #expect(document?["iterations"] is [Any] && document?["throttle-decisions"] is [Any])
    }
}
