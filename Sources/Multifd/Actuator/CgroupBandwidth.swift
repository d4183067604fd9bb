import Glibc
import SystemPackage

/// The CPU bandwidth of a cgroup as it was found, and what to write for a throttle.
struct CgroupBandwidth: Hashable, Sendable {
    /// The kernel's least quota, in µs.
    private static let minimumQuota = 1000

    /// In µs: the kernel allows 1 ms to 1 s.
    private static let periods = 1...1_000_000

    /// What the files hold, to be written back.
    let original: [String]
    private let isVersion2: Bool
    /// In µs.
    private let period: Int
    /// What the guest gets unthrottled, in µs of CPU a period.
    private let full: Int

    /// The files that hold the bandwidth, in the order in which to write them. Of version 1 the period comes first: it
    /// changes only from or to the least quota, so that the cgroup never has more between the two than before or after.
    static func paths(ofCgroup directory: String) throws(ActuatorError) -> [String] {
        for names in [["cpu.max"], ["cpu.cfs_period_us", "cpu.cfs_quota_us"]] {
            let paths = names.map { "\(directory)/\($0)" }
            if paths.allSatisfy({ unsafe access($0, F_OK) == 0 }) { return paths }
        }
        throw .noCPUController(path: directory)
    }

    /// - Parameter directory: the cgroup that they are of.
    init(of paths: [String], inCgroup directory: String, cpuCount: Int) throws(ActuatorError) {
        let (texts, own) = try Self.limit(in: paths)
        var full = min(own.quota ?? .max, own.period * cpuCount)
        for outer in Self.limits(above: directory) {
            guard let quota = outer.quota else { continue }
            full = min(full, max(1, own.period * quota / outer.period))
        }
        original = texts
        isVersion2 = paths.count == 1
        period = own.period
        self.full = full
    }

    /// CPU time in each period, in µs; no quota is no limit.
    private struct Limit {
        var quota: Int?
        var period: Int
    }

    /// What files hold, and what it means.
    private static func limit(in paths: [String]) throws(ActuatorError) -> (texts: [String], limit: Limit) {
        var texts: [String] = []
        for path in paths { texts.append(try read(path)) }
        let numbers = paths.count == 1 ? texts[0].split(separator: " ").map(String.init) : texts.reversed()
        guard numbers.count == 2, let period = Int(numbers[1]), periods.contains(period),
            let quota = numbers[0] == "max" ? -1 : Int(numbers[0])
        else {
            throw .content(path: paths.joined(separator: "' and '"), found: texts.joined(separator: "' and '"))
        }
        return (texts, Limit(quota: quota > 0 ? quota : nil, period: period))
    }

    /// Those of the cgroups that it is in, as far as they are to be seen: none gets more than these.
    private static func limits(above directory: String) -> [Limit] {
        var limits: [Limit] = []
        var outer = "\(directory)/.."
        while let paths = try? paths(ofCgroup: outer), let limit = try? limit(in: paths).limit {
            limits.append(limit)
            outer += "/.."
        }
        return limits
    }

    /// What to write for a throttle.
    func texts(at percentage: ThrottlePercentage) -> [String] {
        guard percentage > .off else { return original }
        let quota = full * (100 - percentage.rawValue) / 100
        guard quota < Self.minimumQuota else { return texts(quota: quota, period: period) }
        // The same share of a longer period, as far as the kernel has one.
        let longer = Self.minimumQuota * period * 100 / (full * (100 - percentage.rawValue))
        return texts(quota: Self.minimumQuota, period: min(longer, Self.periods.upperBound))
    }

    private func texts(quota: Int, period: Int) -> [String] {
        isVersion2 ? ["\(quota) \(period)"] : ["\(period)", "\(quota)"]
    }

    private static func read(_ path: String) throws(ActuatorError) -> String {
        do throws(Errno) {
            return try KernelFile.line(of: path)
        } catch {
            throw .file(path: path, operation: "read", error)
        }
    }
}
