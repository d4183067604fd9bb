import Multifd

extension MigrationInfo {
    /// What both ends know of a migration from QEMU to here: bytes and channels from our end, what concerns the running
    /// guest from QEMU's `query-migrate`.
    mutating func take(_ report: JSONValue, from destination: MigrationInfo) {
        let status = MigrationStatus(rawValue: report["status"]?.string ?? "") ?? status
        self = destination
        // Complete is what both ends are, or neither.
        self.status = status == .completed && destination.status != .completed ? .device : status
        let ram = report["ram"]
        self.ram.remaining = ram?["remaining"]?.count ?? 0
        self.ram.dirtyPagesRate = ram?["dirty-pages-rate"]?.count ?? 0
        self.ram.dirtySyncCount = ram?["dirty-sync-count"]?.count ?? 0
        self.ram.iterationCount = max(1, self.ram.dirtySyncCount)
        cpuThrottlePercentage = report["cpu-throttle-percentage"]?.count
        expectedDowntime = report["expected-downtime"]?.count.map { .milliseconds($0) }
        downtime = report["downtime"]?.count.map { .milliseconds($0) }
        setupTime = .milliseconds(report["setup-time"]?.count ?? 0)
    }
}

extension JSONValue {
    /// A number that can be computed with: what a peer says may be anything.
    fileprivate var count: Int? { integer.map { min(max(0, $0), 1 << 50) } }
}
