/// A guest that knows which vCPU writes how much, and whose vCPUs can be slowed one by one: what `vcpu-dirty-limit` needs.
public protocol VCPUThrottling: Guest {
    /// Pages that each vCPU was found to have written, each counted once a sync, since the dirty log was started. Asked
    /// after syncs, from the same thread.
    var writtenPageCounts: [Int] { get }

    /// Takes away a share of one vCPU's time, as ``Guest/setThrottle(_:)`` does of all vCPUs' time.
    func setThrottle(_ percentage: ThrottlePercentage, ofVCPU vcpu: Int)
}
