import Synchronization

/// Slows the processes of a cgroup down by its CPU bandwidth: `cpu.max` of version 2, `cpu.cfs_quota_us` of version 1.
///
/// The bandwidth is the cgroup's as a whole: a throttle of 60 % leaves a guest of 4 vCPUs 1.6 CPUs, however its vCPUs
/// divide them. A guest that keeps one of 4 vCPUs busy is thus slowed only from 75 % on; ``ProcessThrottle`` has no such
/// limit. Where the cgroup, or one that it is in, has a quota of less already, the throttle takes its share of that.
public final class CgroupThrottle: ThrottleActuator {
    /// Nil once released.
    private let cgroup: Mutex<ThrottledCgroup?>

    /// - Parameters:
    ///   - path: the cgroup's directory, of either version.
    ///   - cpuCount: CPUs that the guest uses when nothing slows it: its vCPUs, 1...4096.
    /// - Throws: ``ActuatorError``.
    public init(path: String, cpuCount: Int) throws(ActuatorError) {
        guard (1...4096).contains(cpuCount) else { throw .cpuCount(cpuCount) }
        cgroup = Mutex(try ThrottledCgroup(path: path, cpuCount: cpuCount))
    }

    /// Does nothing once released.
    ///
    /// - Throws: ``ActuatorError`` when the cgroup has gone.
    public func setThrottle(_ percentage: ThrottlePercentage) throws(ActuatorError) {
        try cgroup.withLock { cgroup throws(ActuatorError) in try cgroup?.set(percentage) }
    }

    /// Writes back what the cgroup's files held before.
    ///
    /// - Throws: ``ActuatorError/unrestored(path:text:_:)`` when the kernel does not take it. Then it may be called again.
    public func release() throws(ActuatorError) {
        try cgroup.withLock { cgroup throws(ActuatorError) in
            try cgroup?.restore()
            cgroup = nil
        }
    }

    /// Whether the cgroup has been removed, even when there is another at its path by now.
    public var isGone: Bool { cgroup.withLock { $0?.isGone ?? false } }
}
