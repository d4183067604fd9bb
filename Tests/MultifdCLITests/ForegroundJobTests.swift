import Foundation
import TestProcesses
import Testing

@Suite struct ForegroundJobTests {
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
