/// What a sync found, and where the migration stands after it: all that a throttle is told.
package struct SyncOutcome: Hashable, Sendable {
    /// Since the migration started.
    package var time: Duration
    /// Bytes of pages that this sync marked and that were not marked already.
    package var bytesDirtied: Int
    /// Bytes of all pages that this sync found written.
    package var bytesWritten: Int
    /// On the wire, since the migration started.
    package var bytesTransferred: Int
    /// What those were of RAM, since the migration started.
    package var ramBytesSent: Int
    /// After this sync.
    package var outlook: MigrationOutlook
    /// Bytes of pages that each vCPU was found to have written, since the guest started; empty when nobody can tell.
    package var vcpuBytesWritten: [Int] = []

    package init(
        time: Duration, bytesDirtied: Int, bytesWritten: Int, bytesTransferred: Int, ramBytesSent: Int,
        outlook: MigrationOutlook, vcpuBytesWritten: [Int] = []
    ) {
        self.time = time
        self.bytesDirtied = bytesDirtied
        self.bytesWritten = bytesWritten
        self.bytesTransferred = bytesTransferred
        self.ramBytesSent = ramBytesSent
        self.outlook = outlook
        self.vcpuBytesWritten = vcpuBytesWritten
    }
}
