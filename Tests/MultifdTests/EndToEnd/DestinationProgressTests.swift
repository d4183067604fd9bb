import Multifd
import Testing

/// What those are told who watch a destination.
@Suite struct DestinationProgressTests {
    /// It may take an hour, and says nothing on the main channel. Before it the source may have hashed memory for long, and
    /// said so.
    @Test(arguments: [false, true])
    func `what comes in an iteration is told before its end`(hasWorked: Bool) async throws {
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: MemoryTarget(), deadlines: .short,
            logger: silent)
        let received = destination.begin()
        let source = try FakeSource(to: destination.uri)
        try source.propose(blocks: HostileSourceTests.blocks)
        if hasWorked { try source.main.send(.working) }
        try source.openChannel(0)
        let (header, payload) = FakeSource.pages([7])
        try source.send(header, payload: payload)
        let isTold = await destination.events.contains { event in
            guard case .progress(let info) = event else { return false }
            return info.status == .active && info.ram.normal == 1
        }
        #expect(isTold)
        source.end()
        _ = await received.value
    }
}
