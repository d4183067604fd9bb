import Foundation
import Multifd
import Testing

@Suite(.serialized) struct ThrottleCommandTests {
    private func state(of process: Process) -> Character? {
        let text = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
        return text?.split(separator: ")").last?.first { $0 != " " }
    }

    private func busyProcess() throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "while :; do :; done"]
        try process.run()
        return process
    }

    private func waits(for wanted: Character, of process: Process) -> Bool {
        for _ in 0..<10_000 {
            if state(of: process) == wanted { return true }
            usleep(1000)
        }
        return false
    }

    /// With SIGKILL nothing of the command is left to let it go on.
    @Test(arguments: [SIGINT, SIGKILL]) func `a process runs on when the command that stops it is ended`(
        signal: Int32
    ) throws {
        let process = try busyProcess()
        defer { kill(process.processIdentifier, SIGKILL) }
        let command = try CommandRun([
            "throttle", "run", "--pid", "\(process.processIdentifier)", "--cpu-throttle-percentage", "99",
        ])
        #expect(waits(for: "T", of: process))
        command.send(signal)
        let result = try command.result()
        #expect(waits(for: "R", of: process))
        // It stays so: nobody is left to stop it again.
        usleep(50_000)
        #expect(state(of: process) == "R")
        if signal == SIGINT {
            #expect(result.exitCode == 0)
            #expect(result.output.contains("% of a CPU for"))
        }
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
