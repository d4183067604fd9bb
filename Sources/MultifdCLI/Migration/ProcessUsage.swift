import FoundationEssentials
import Glibc
import Multifd

/// What a process took for its side of a migration.
package struct ProcessUsage: Codable, Hashable, Sendable {
    /// CPU time of all threads, the guest's apart, in ms.
    package var cpuTime = 0.0
    /// CPU time of the guest's vCPUs, in ms.
    package var guestCPUTime = 0.0
    /// The most memory that was resident at once, the guest's included, in bytes.
    package var peakMemory = 0

    /// Nothing.
    package init() {}

    private enum CodingKeys: String, CodingKey {
        case cpuTime = "cpu-time"
        case guestCPUTime = "guest-cpu-time"
        case peakMemory = "peak-memory"
    }

    /// What this process has taken since it began.
    static var now: ProcessUsage {
        var usage = rusage()
        // Fails for no valid argument.
        _ = unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
        var now = ProcessUsage()
        now.guestCPUTime = guestCPUTime
        now.cpuTime = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime) - now.guestCPUTime
        now.peakMemory = usage.ru_maxrss << 10
        return now
    }

    /// What was taken after an earlier moment.
    func since(_ start: ProcessUsage) -> ProcessUsage {
        var usage = self
        usage.cpuTime = max(0, cpuTime - start.cpuTime)
        usage.guestCPUTime = max(0, guestCPUTime - start.guestCPUTime)
        return usage
    }

    private static func milliseconds(_ time: timeval) -> Double {
        Double(time.tv_sec) * 1e3 + Double(time.tv_usec) / 1e3
    }

    /// Of the threads that are named as a built-in guest names its vCPUs. They live until the guest is shut down.
    private static var guestCPUTime: Double {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.reduce(0) { total, task in
            func read(_ name: String) -> String {
                (try? String(contentsOfFile: "/proc/self/task/\(task)/\(name)", encoding: .utf8)) ?? ""
            }
            guard read("comm").hasPrefix("vcpu-") else { return total }
            // The first field is the time on a CPU in ns.
            return total + (read("schedstat").split(separator: " ").first.flatMap { Double($0) } ?? 0) / 1e6
        }
    }
}
