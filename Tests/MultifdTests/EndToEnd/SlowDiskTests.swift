import Multifd
import Synchronization
import Testing

/// A disk that takes longer for one write than the peers wait for a connection that says nothing.
@Suite struct SlowDiskTests {
    /// Stands still in its first write, as one does whose disk is stuck.
    private static func stuckTarget(for time: Duration) -> SlowTarget {
        let isStuck = Atomic(true)
        return SlowTarget { _ in isStuck.exchange(false, ordering: .relaxed) ? time : .zero }
    }

    /// What a lost channel has sent, the others send again. A unix socket takes little, so that the source notices at once that
    /// it can send no more.
    @Test(arguments: [4, 8]) func `a channel whose disk is stuck is not silent`(seconds: Int) async throws {
        var deadlines = Deadlines()
        deadlines.stall = .seconds(6)
        let guest = try WorkloadGuest(
            configuration: WorkloadConfiguration(parsing: "workload:idle,ram=32MiB,fill=random"))
        defer { guest.shutDown() }
        let destination = try MigrationDestination(
            listeningOn: .unix(path: temporaryPath("slow-\(seconds)")),
            target: Self.stuckTarget(for: .seconds(seconds)),
            deadlines: deadlines, logger: silent)
        let source = try MigrationSource(
            guest: guest, to: destination.uri, parameters: MigrationParameters(), deadlines: deadlines, logger: silent)
        let received = destination.begin()
        let report = try await source.run()
        _ = try await received.value.get()
        #expect(report.ram.normal + report.ram.duplicate == guest.memory.pageCount)
    }
}
