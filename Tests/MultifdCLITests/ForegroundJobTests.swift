import Foundation
import MultifdCLI
import TestProcesses
import Testing

@Suite struct ForegroundJobTests {
    @Test(arguments: [
        ("4711 (cat) S 4000 4711 4000 34816 4711 4194304 98", true),
        ("4712 (a) R (b) T 4000 4711 4000 34816 4711 4194304 98", true),
        ("4711 (cat) S 4000 4711 4000 34816 4000 4194304 98", false),
        ("4711 (daemon) S 1 4711 4711 0 -1 4194304 98", false), ("", false), ("4711 (cat) S", false),
    ]) func `the group that the terminal takes its input for is the foreground job`(status: String, isForeground: Bool)
    {
        #expect(ForegroundJob.isHeld(by: status) == isForeground)
    }

    @Test func `a process that is not there is in no job`() {
        #expect(!ForegroundJob.holds(process: Int32.max))
    }

    /// script(1) runs its program as the first of a terminal of its own.
    @Test(.enabled("script(1) is here") { FileManager.default.isExecutableFile(atPath: "/usr/bin/script") })
    func `the command warns when it is to stop a terminal's foreground job`() throws {
        let run = try CommandRun(
            ["throttle", "run", "--cpu-throttle-percentage", "0", "--duration", "0.1"],
            by: "exec /usr/bin/script --quiet --command \"$* --pid \\$\\$; :\" /dev/null")
        let result = try run.result()
        #expect(result.output.contains("use --cgroup"), "\(result.output)")
        let process = try BusyProcess()
        let without = try CommandRun.result(
            "throttle", "run", "--pid", "\(process.identifier)", "--cpu-throttle-percentage", "10", "--duration", "0.1")
        #expect(without.exitCode == 0 && !without.error.contains("use --cgroup"))
    }
}
