import FoundationEssentials
import Multifd

/// How much of the CPUs something uses, as long as it is there.
struct CPUMeter {
    private let cpuTime: () -> Duration?
    private let start: (time: ContinuousClock.Instant, cpuTime: Duration)
    private var last: (time: ContinuousClock.Instant, cpuTime: Duration)

    /// - Parameter cpuTime: CPU time used so far, nil when what uses it has gone.
    init(of cpuTime: @escaping () -> Duration?) {
        self.cpuTime = cpuTime
        start = (.now, cpuTime() ?? .zero)
        last = start
    }

    mutating func read() {
        guard let cpuTime = cpuTime() else { return }
        last = (.now, cpuTime)
    }

    /// Between the start and the last reading.
    var elapsed: Duration { last.time - start.time }

    /// CPUs used meanwhile.
    var share: Double {
        elapsed > .zero ? (last.cpuTime - start.cpuTime) / elapsed : 0
    }

    /// Of all processes that are or were in a cgroup, of either version; of those that are where the kernel does not count.
    static func cpuTime(ofCgroup path: String) -> Duration? {
        if let statistics = try? String(contentsOfFile: "\(path)/cpu.stat", encoding: .utf8) {
            for line in statistics.split(whereSeparator: \.isNewline) {
                let parts = line.split(separator: " ")
                if parts.first == "usage_usec", let count = parts.last.flatMap({ Int64($0) }) {
                    return .microseconds(count)
                }
            }
        }
        if let usage = try? String(contentsOfFile: "\(path)/cpuacct.usage", encoding: .utf8),
            let count = Int64(usage.filter(\.isNumber))
        {
            return .nanoseconds(count)
        }
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return processes(inCgroup: path).compactMap { ProcessStatus(ofProcess: $0)?.cpuTime }.reduce(.zero, +)
    }

    private static func processes(inCgroup path: String) -> [Int32] {
        let text = (try? String(contentsOfFile: "\(path)/cgroup.procs", encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isNewline).compactMap { Int32($0) }
    }
}
