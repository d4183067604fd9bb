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
    private func expectShare(_ throttle: Int, of process: BusyProcess, _ target: String...) throws {
        let options = ["--cpu-throttle-percentage", "\(throttle)", "--duration", "3"]
        var percentage = 0
        let (used, wanted) = try process.shares {
            let result = try CommandRun(["throttle", "run"] + target + options).result()
            #expect(result.exitCode == 0 && result.error.isEmpty)
            percentage = try self.percentage(in: result)
        }
        #expect(percentage <= 100 - throttle + 5)
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
        try expectShare(throttle, of: process, "--cgroup", cgroup.path)
        #expect(cgroup.bandwidth == original)
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

    /// Both versions: a cgroup of version 1, where the tests may make one, and a directory with version 2's file.
    @Test(arguments: [SIGINT, SIGKILL], [true, false])
    func `a cgroup has its bandwidth back when the command that lowers it is ended`(
        signal: Int32, isVersion2: Bool
    ) throws {
        let stand = try TemporaryDirectory()
        let path = isVersion2 ? stand.path("") : "/sys/fs/cgroup/cpu/multifd-\(UUID().uuidString)"
        if !isVersion2 {
            guard unsafe mkdir(path, 0o755) == 0 else { return }
        }
        defer { unsafe rmdir(path) }
        let file = "\(path)/\(isVersion2 ? "cpu.max" : "cpu.cfs_quota_us")"
        if isVersion2 { try Data("90000 100000\n".utf8).write(to: URL(fileURLWithPath: file)) }
        func content() throws -> String { try String(contentsOfFile: file, encoding: .utf8) }
        let original = try content()
        let command = try CommandRun([
            "throttle", "run", "--cgroup", path, "--cpu-throttle-percentage", "50",
        ])
        func waits(for isWanted: (String) -> Bool) throws -> Bool {
            for _ in 0..<10_000 {
                if isWanted(try content()) { return true }
                usleep(1000)
            }
            return false
        }
        #expect(try waits { $0 == (isVersion2 ? "45000 100000\n" : "50000\n") })
        command.send(signal)
        _ = try command.result()
        #expect(try waits { $0 == original })
    }
}
