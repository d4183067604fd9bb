import Foundation
import TestProcesses
import Testing

@Suite(.serialized) struct ThrottleRunTests {
    private static let throttles = [60, 80, 95]

    /// What the command says was used, in % of a CPU.
    private func percentage(in result: CommandRun.Result) throws -> Int {
        try #require(result.output.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }

    /// Runs the command on a process, and expects the share of a CPU that it says to be within 5 points of what is left to
    /// the process. Other processes of the machine may take of that: hence the time that it waited for them.
    private func expectShare(
        _ throttle: Int, of process: BusyProcess, in cgroup: TemporaryCgroup? = nil, _ target: String...
    ) throws {
        let options = ["--cpu-throttle-percentage", "\(throttle)", "--duration", "3"]
        var percentage = 0
        let (used, wanted) = try process.shares(in: cgroup) {
            let result = try CommandRun(["throttle", "run"] + target + options).result()
            #expect(result.exitCode == 0 && result.error.isEmpty)
            percentage = try self.percentage(in: result)
        }
        #expect(percentage <= 100 - throttle + 5)
        #expect(percentage > 0)
        #expect(Double(percentage) + (wanted - used) * 100 >= Double(100 - throttle - 5))
    }

    @Test(arguments: throttles) func `a process gets the share that is left to it`(throttle: Int) throws {
        let process = try BusyProcess()
        try expectShare(throttle, of: process, "--pid", "\(process.identifier)")
    }

    @Test(
        .enabled("cgroups with the cpu controller can be made here") { TemporaryCgroup.parent != nil },
        arguments: throttles)
    func `a cgroup gets the share that is left to it`(throttle: Int) throws {
        let cgroup = try TemporaryCgroup()
        let process = try BusyProcess()
        defer { process.end() }
        try cgroup.add(process)
        let original = cgroup.bandwidth
        try expectShare(throttle, of: process, in: cgroup, "--cgroup", cgroup.path)
        #expect(cgroup.bandwidth == original)
    }

    @Test(.enabled("cgroups with the cpu controller can be made here") { TemporaryCgroup.parent != nil })
    func `a cgroup with a short period gets the share that is left to it`() throws {
        let cgroup = try TemporaryCgroup()
        cgroup.bandwidth = "max 2000"
        let process = try BusyProcess()
        defer { process.end() }
        try cgroup.add(process)
        try expectShare(95, of: process, in: cgroup, "--cgroup", cgroup.path)
    }

    @Test(.enabled("cgroups with the cpu controller can be made here") { TemporaryCgroup.parent != nil })
    func `the command ends when the cgroup is removed`() throws {
        var cgroup: TemporaryCgroup? = try TemporaryCgroup()
        let path = try #require(cgroup?.path)
        let original = cgroup?.bandwidth
        let command = try CommandRun(["throttle", "run", "--cgroup", path, "--cpu-throttle-percentage", "50"])
        for _ in 0..<10_000 where cgroup?.bandwidth == original { usleep(1000) }
        cgroup = nil
        let result = try command.result()
        #expect(result.exitCode == 0)
        #expect(try percentage(in: result) == 0)
    }

    /// With SIGKILL nothing of the command is left to let it go on.
    @Test(arguments: [SIGINT, SIGKILL]) func `a process runs on when the command that stops it is ended`(
        signal: Int32
    ) throws {
        let process = try BusyProcess()
        let command = try CommandRun([
            "throttle", "run", "--pid", "\(process.identifier)", "--cpu-throttle-percentage", "99",
        ])
        #expect(process.reaches("T"))
        command.send(signal)
        let result = try command.result()
        #expect(process.reaches("R"))
        // It stays so: nobody is left to stop it again.
        usleep(50_000)
        #expect(process.state == "R")
        if signal == SIGINT {
            #expect(result.exitCode == 0)
            #expect(result.output.contains("% of a CPU for"))
        }
    }

    /// The child that undoes the throttle used to let it go on, whoever had stopped it.
    @Test func `a process that somebody else has stopped stays so when the command is killed`() throws {
        let process = try BusyProcess()
        let command = try CommandRun([
            "throttle", "run", "--pid", "\(process.identifier)", "--cpu-throttle-percentage", "10",
        ])
        var guardians: [Int32] = []
        for _ in 0..<10_000 where guardians.isEmpty {
            usleep(1000)
            guardians = command.children
        }
        #expect(guardians.count == 1)
        // A stop that comes while the command has it stopped ends with the command's own, after about a millisecond.
        for _ in 0..<100 {
            kill(process.identifier, SIGSTOP)
            if process.stays("T") { break }
        }
        command.send(SIGKILL)
        _ = try command.result()
        for _ in 0..<10_000 where guardians.contains(where: { !["Z", "?"].contains(BusyProcess.state(of: $0)) }) {
            usleep(1000)
        }
        #expect(process.state == "T")
    }

    /// The child that undoes the throttle used to need as many descriptors again as it keeps.
    @Test(arguments: 9...20) func `a process runs on when there was no descriptor to spare`(limit: Int) throws {
        let process = try BusyProcess()
        let command = try CommandRun(
            ["throttle", "run", "--pid", "\(process.identifier)", "--cpu-throttle-percentage", "99"],
            by: "ulimit -n \(limit); exec \"$@\"")
        // With too few it does not come to that.
        while process.state != "T", command.isRunning { usleep(1000) }
        if command.isRunning { command.send(SIGKILL) }
        _ = try command.result()
        #expect(process.reaches("R"))
        usleep(50_000)
        #expect(process.state == "R")
    }

    @Test func `a command that the terminal is to stop goes on, and so does what it slows`() throws {
        let process = try BusyProcess()
        let command = try CommandRun([
            "throttle", "run", "--pid", "\(process.identifier)", "--cpu-throttle-percentage", "90",
        ])
        #expect(process.reaches("T"))
        command.send(SIGTSTP)
        for _ in 0..<3 {
            #expect(process.reaches("R"))
            #expect(process.reaches("T"))
        }
        // One that was stopped after all would never end.
        for signal in [SIGCONT, SIGINT] { command.send(signal) }
        #expect(try command.result().exitCode == 0)
        #expect(process.reaches("R"))
    }

    @Test(.enabled("cgroups are of version 1 here") { TemporaryCgroup.isVersion1 })
    func `a bandwidth that cannot be given back is told, with what to write where`() throws {
        let parent = try TemporaryCgroup()
        let cgroup = try TemporaryCgroup(in: parent)
        cgroup.bandwidth = "150000 100000"
        let command = try CommandRun([
            "throttle", "run", "--cgroup", cgroup.path, "--vcpus", "2", "--cpu-throttle-percentage", "50",
        ])
        for _ in 0..<10_000 where cgroup.bandwidth != "75000 100000" { usleep(1000) }
        parent.bandwidth = "80000 100000"
        command.send(SIGINT)
        let result = try command.result()
        #expect(result.exitCode == 1)
        #expect(result.output.contains("% of a CPU for"))
        #expect(result.error.contains("write '150000' to '\(cgroup.path)/cpu.cfs_quota_us'"))
    }

    @Test(.enabled("cgroups are of version 1 here") { TemporaryCgroup.isVersion1 })
    func `the root cgroup is refused with the reason, and not as one that is still throttled`() throws {
        let root = try #require(TemporaryCgroup.parent)
        let result = try CommandRun.result("throttle", "run", "--cgroup", root, "--cpu-throttle-percentage", "50")
        #expect(result.exitCode == 1)
        #expect(result.error.contains("the root cgroup cannot be throttled"), "\(result.error)")
    }

    @Test func `the command ends when there is another cgroup at the path`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("cpu.max")
        try Data("90000 100000\n".utf8).write(to: URL(fileURLWithPath: path))
        let command = try CommandRun([
            "throttle", "run", "--cgroup", directory.path(""), "--cpu-throttle-percentage", "50",
        ])
        for _ in 0..<10_000 where (try? String(contentsOfFile: path, encoding: .utf8)) != "45000 100000\n" {
            usleep(1000)
        }
        // Takes the old one's place in one step.
        try Data("90000 100000\n".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        for _ in 0..<10_000 where command.isRunning { usleep(1000) }
        let hasEnded = !command.isRunning
        if !hasEnded { command.send(SIGINT) }
        #expect(hasEnded)
        #expect(try command.result().exitCode == 0)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "90000 100000\n")
    }

    @Test func `a second command on a process is refused`() throws {
        let process = try BusyProcess()
        let arguments = [
            "throttle", "run", "--pid", "\(process.identifier)", "--cpu-throttle-percentage", "99",
        ]
        let first = try CommandRun(arguments)
        #expect(process.reaches("T"))
        let second = try CommandRun(arguments).result()
        #expect(second.exitCode == 1)
        #expect(
            second.error
                == "multifd: the process \(process.identifier) is being slowed down by another throttle already: "
                + "end that first\n")
        first.send(SIGINT)
        #expect(try first.result().exitCode == 0)
    }

    @Test func `the command refuses to slow itself down`() throws {
        let command = try CommandRun(
            ["throttle", "run", "--cpu-throttle-percentage", "50"], by: "exec \"$@\" --pid $$")
        let result = try command.result()
        #expect(result.exitCode == 1)
        #expect(result.error.contains("is this one, which could not let itself go on"))
    }

    @Test func `the command ends with the process that it slows, and says what that got`() throws {
        let process = try BusyProcess()
        let command = try CommandRun([
            "throttle", "run", "--pid", "\(process.identifier)", "--cpu-throttle-percentage", "50",
        ])
        #expect(process.reaches("T"))
        usleep(500_000)
        process.end()
        let result = try command.result()
        #expect(result.exitCode == 0)
        #expect((1...75).contains(try percentage(in: result)))
    }

    @Test(arguments: [SIGINT, SIGKILL])
    func `a bandwidth of version 2 is back when the command that lowers it is ended`(
        signal: Int32
    ) throws {
        // A directory stands in for the cgroup, for machines whose controller belongs to version 1.
        let directory = try TemporaryDirectory()
        let path = directory.path("cpu.max")
        try Data("90000 100000\n".utf8).write(to: URL(fileURLWithPath: path))
        try expectRestored("90000 100000\n", throttled: "45000 100000\n", by: signal, at: directory.path("")) {
            (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        }
    }

    /// The second bandwidth has a period that is too short for the throttle.
    @Test(
        .enabled("cgroups with the cpu controller can be made here") { TemporaryCgroup.parent != nil },
        arguments: [SIGINT, SIGKILL], [("90000 100000", "45000 100000"), ("1500 2000", "1000 2666")])
    func `a cgroup has its bandwidth back when the command that lowers it is ended`(
        signal: Int32, bandwidth: (original: String, throttled: String)
    ) throws {
        let cgroup = try TemporaryCgroup()
        cgroup.bandwidth = bandwidth.original
        try expectRestored(bandwidth.original, throttled: bandwidth.throttled, by: signal, at: cgroup.path) {
            cgroup.bandwidth
        }
    }

    @Test func `a second command on a cgroup is refused, and leaves what the first undoes`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("")
        try Data("90000 100000\n".utf8).write(to: URL(fileURLWithPath: directory.path("cpu.max")))
        func bandwidth() -> String {
            (try? String(contentsOfFile: directory.path("cpu.max"), encoding: .utf8)) ?? ""
        }
        try expectRestored("90000 100000\n", throttled: "45000 100000\n", by: SIGKILL, at: path, reading: bandwidth) {
            let second = try CommandRun(["throttle", "run", "--cgroup", path, "--cpu-throttle-percentage", "80"])
                .result()
            #expect(second.exitCode == 1)
            #expect(
                second.error == "multifd: '\(path)' is being slowed down by another throttle already: end that first\n")
        }
    }

    private func expectRestored(
        _ original: String, throttled: String, by signal: Int32, at path: String, reading bandwidth: () -> String,
        meanwhile: () throws -> Void = {}
    ) throws {
        func reaches(_ wanted: String) -> Bool {
            for _ in 0..<10_000 {
                if bandwidth() == wanted { return true }
                usleep(1000)
            }
            return false
        }
        #expect(bandwidth() == original)
        let command = try CommandRun(["throttle", "run", "--cgroup", path, "--cpu-throttle-percentage", "50"])
        #expect(reaches(throttled))
        try meanwhile()
        command.send(signal)
        _ = try command.result()
        #expect(reaches(original))
    }
}
