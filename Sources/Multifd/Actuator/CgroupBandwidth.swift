import SystemPackage

/// The CPU bandwidth of a cgroup as it was found, and what to write for a throttle.
struct CgroupBandwidth: Hashable, Sendable {
    /// The kernel's least quota, in µs.
    private static let minimumQuota = 1000

    /// In µs: the kernel allows 1 ms to 1 s.
    private static let periods = 1...1_000_000

    /// The file that holds the quota.
    let path: String
    /// Its content, to be written back.
    let original: String
    private let isVersion2: Bool
    /// In µs.
    private let period: Int
    /// What the guest gets unthrottled, in µs of CPU a period.
    private let full: Int

    init(ofCgroup directory: String, cpuCount: Int) throws(ActuatorError) {
        if let text = try? Self.read("\(directory)/cpu.max") {
            let path = "\(directory)/cpu.max"
            let parts = text.split(separator: " ")
            guard parts.count == 2, let period = Int(parts[1]), Self.periods.contains(period),
                parts[0] == "max" || Int(parts[0]) != nil
            else { throw .content(path: path, found: text) }
            self.init(path: path, original: text, isVersion2: true, quota: Int(parts[0]), period: period, cpuCount)
            return
        }
        let path = "\(directory)/cpu.cfs_quota_us"
        guard let text = try? Self.read(path) else { throw .noCPUController(path: directory) }
        let periodPath = "\(directory)/cpu.cfs_period_us"
        let periodText = try Self.read(periodPath)
        guard let quota = Int(text) else { throw .content(path: path, found: text) }
        guard let period = Int(periodText), Self.periods.contains(period) else {
            throw .content(path: periodPath, found: periodText)
        }
        self.init(
            path: path, original: text, isVersion2: false, quota: quota > 0 ? quota : nil, period: period, cpuCount)
    }

    /// - Parameter quota: nil for no limit.
    private init(path: String, original: String, isVersion2: Bool, quota: Int?, period: Int, _ cpuCount: Int) {
        self.path = path
        self.original = original
        self.isVersion2 = isVersion2
        self.period = period
        full = min(quota ?? .max, period * cpuCount)
    }

    /// What to write for a throttle.
    func text(at percentage: ThrottlePercentage) -> String {
        let quota = max(full * (100 - percentage.rawValue) / 100, Self.minimumQuota)
        return isVersion2 ? "\(quota) \(period)" : "\(quota)"
    }

    private static func read(_ path: String) throws(ActuatorError) -> String {
        do throws(Errno) {
            return try KernelFile.line(of: path)
        } catch {
            throw .file(path: path, operation: "read", error)
        }
    }
}
