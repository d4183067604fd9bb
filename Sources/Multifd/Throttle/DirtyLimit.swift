/// The alternative to stepping all vCPUs: holds each vCPU that writes faster than a quota to that quota, and leaves readers
/// and idle vCPUs alone.
///
/// Dirtying grows at most in proportion to speed, so the speed is scaled by quota over rate; where a working set is
/// written over and over it grows less, and a few periods close in on the quota.
package struct DirtyLimit: Sendable {
    /// Within this much of the quota, the throttle stays as it is.
    private static let tolerance = 0.1
    /// How much faster than before a vCPU may run in the next period.
    private static let recovery = 2

    package let quota: DirtyQuota
    /// In force, of each vCPU.
    package private(set) var throttles: [ThrottlePercentage]
    /// Kept, because it is asked for at each sync, and there may be thousands of vCPUs.
    package private(set) var highestThrottle = ThrottlePercentage.off

    package init(_ quota: DirtyQuota, vcpuCount: Int) {
        self.quota = quota
        throttles = Array(repeating: .off, count: vcpuCount)
    }

    /// Decides at the end of a period.
    ///
    /// - Parameter rates: bytes a second that each vCPU dirtied in the period; nil leaves its throttle as it is.
    /// - Returns: the vCPUs whose throttle changes, and to what.
    package mutating func update(rates: [Int?]) -> [(vcpu: Int, throttle: ThrottlePercentage)] {
        var changes: [(vcpu: Int, throttle: ThrottlePercentage)] = []
        for (vcpu, rate) in zip(throttles.indices, rates) {
            guard let rate else { continue }
            let next = throttle(after: throttles[vcpu], rate: rate)
            guard next != throttles[vcpu] else { continue }
            throttles[vcpu] = next
            changes.append((vcpu, next))
        }
        if !changes.isEmpty { highestThrottle = throttles.max() ?? .off }
        return changes
    }

    /// Takes all throttles off.
    ///
    /// - Returns: the vCPUs that had one, and which.
    package mutating func release() -> [(vcpu: Int, throttle: ThrottlePercentage)] {
        defer {
            throttles = throttles.map { _ in .off }
            highestThrottle = .off
        }
        return throttles.enumerated().filter { $0.element != .off }.map { ($0.offset, $0.element) }
    }

    private func throttle(after current: ThrottlePercentage, rate: Int) -> ThrottlePercentage {
        let ratio = rate > 0 ? Double(quota.bytesPerSecond) / Double(rate) : .infinity
        guard ratio < 1 || (current != .off && ratio > 1 + Self.tolerance) else { return current }
        let speed = 100 - current.rawValue
        // In whole percent, rounded down, so that the quota is kept.
        let proportional = rate > 0 ? speed * quota.bytesPerSecond / rate : 100
        return ThrottlePercentage(clamping: 100 - min(proportional, speed * Self.recovery))
    }
}
