import Foundation

/// A process that keeps one CPU busy.
package final class BusyProcess {
    private let process = Process()

    /// - Parameter program: what executes the script: the shell, perhaps by another name, or another language's interpreter.
    package init(program: String = "/bin/sh", script: String = "while :; do :; done") throws {
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-c", script]
        try process.run()
    }

    deinit { end() }

    /// It may be stopped: nothing less ends it then.
    package func end() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    package var identifier: Int32 { process.processIdentifier }

    /// The letter that the kernel gives its state: `R` running, `T` stopped.
    package var state: Character { Self.state(of: identifier) }

    /// `?` when there is no such process.
    package static func state(of process: Int32) -> Character { state(at: "/proc/\(process)/stat") }

    private static func state(at path: String) -> Character {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: ")").last?.first { $0 != " " } ?? "?"
    }

    /// Those of its threads.
    package var threadStates: [Character] {
        let directory = "/proc/\(identifier)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return threads.map { Self.state(at: "\(directory)/\($0)/stat") }
    }

    /// Whether it is in a state whenever it is looked at within a tenth of a second.
    package func stays(_ wanted: Character) -> Bool {
        for _ in 0..<20 {
            usleep(5000)
            guard state == wanted else { return false }
        }
        return true
    }

    /// Whether it is in a state within ten seconds: far more than it takes.
    package func reaches(_ wanted: Character) -> Bool {
        for _ in 0..<10_000 {
            if state == wanted { return true }
            usleep(1000)
        }
        return false
    }

    /// Time on a CPU, and time ready to run while others had it.
    private var times: (running: Double, waiting: Double) {
        let text = (try? String(contentsOfFile: "/proc/\(identifier)/schedstat", encoding: .utf8)) ?? ""
        let fields = text.split(separator: " ").compactMap { Double($0) }
        return fields.count > 1 ? (fields[0] / 1e9, fields[1] / 1e9) : (0, 0)
    }

    /// The share of a CPU that it got within some seconds, and the share that it would have got on an idle machine, which
    /// is more where others want the CPU too.
    ///
    /// - Parameter cgroup: what it is alone in. For its quota a process waits as for another process, and the kernel counts
    ///   both as waiting: that which is the cgroup's would have been there on an idle machine, too.
    package func shares(within seconds: Double, in cgroup: TemporaryCgroup? = nil) -> (used: Double, wanted: Double) {
        shares(in: cgroup) { Thread.sleep(forTimeInterval: seconds) }
    }

    /// The same while something else is done.
    package func shares(
        in cgroup: TemporaryCgroup? = nil, during body: () throws -> Void
    ) rethrows -> (used: Double, wanted: Double) {
        func throttled() -> Double { cgroup?.throttledTime ?? 0 }
        let (before, throttledBefore, start) = (times, throttled(), ProcessInfo.processInfo.systemUptime)
        try body()
        let (after, throttledAfter, end) = (times, throttled(), ProcessInfo.processInfo.systemUptime)
        let used = (after.running - before.running) / (end - start)
        let waited = after.waiting - before.waiting - (throttledAfter - throttledBefore)
        return (used, used + max(0, waited) / (end - start))
    }
}
