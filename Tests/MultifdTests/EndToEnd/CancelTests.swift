import Multifd
import Synchronization
import Testing

/// A migration that is told to stop, at each stage, by either end.
@Suite(.serialized) struct CancelTests {
    enum End: CaseIterable { case source, destination }

    /// Stages at which the guest or the target is called, and can stop the migration from within.
    enum Stage: String, CaseIterable { case setup, firstIteration, laterIteration, pause, deviceState, load, running }

    private func outcome(_ stage: Stage, _ end: End) async throws -> (Outcome, SteppedGuest, SteppedTarget) {
        let guest = try SteppedGuest(pageCount: 2048)
        let target = SteppedTarget()
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: target, logger: silent)
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .seconds(60)
        let source = try MigrationSource(
            guest: guest, to: destination.uri, parameters: parameters, logger: silent)
        let cancel: @Sendable () -> Void = { end == .source ? _ = source.cancel() : destination.cancel() }
        switch stage {
        case .setup: target.onPrepare = cancel
        case .firstIteration: guest.onContent = cancel
        case .laterIteration: guest.onSync = cancel
        case .pause: guest.onPause = cancel
        case .deviceState: guest.onSave = cancel
        case .load: target.onLoad = cancel
        case .running: target.onRun = cancel
        }
        let received = destination.begin()
        let sent = await result(of: { () throws(MigrationError) in try await source.run() })
        return (Outcome(source: sent, destination: await received.value), guest, target)
    }

    @Test(arguments: Stage.allCases.dropLast(), End.allCases)
    func `before the handover the guest stays and nothing is left at the destination`(
        stage: Stage, end: End
    ) async throws {
        let (outcome, guest, target) = try await outcome(stage, end)
        for (isOwn, error) in [
            (end == .source, outcome.sourceError), (end == .destination, outcome.destinationError),
        ] {
            guard let error else {
                Issue.record("\(stage), \(end): \(outcome)")
                continue
            }
            #expect(error.isCancellation == isOwn, "\(stage): \(error)")
            #expect("\(error)".contains("cancelled"), "\(stage): \(error)")
        }
        #expect(guest.isRunning)
        #expect(!guest.isLogging)
        #expect(guest.throttlePercentage == 0)
        #expect(target.calls.last == .abort, "\(target.calls)")
        #expect(!target.calls.contains(.run))
    }

    @Test(arguments: End.allCases)
    func `after the handover it comes too late`(end: End) async throws {
        let (outcome, guest, target) = try await outcome(.running, end)
        #expect(outcome.isComplete, "\(outcome)")
        #expect(!guest.isRunning)
        #expect(target.calls == [.prepare, .load, .commit, .run])
    }

    @Test func `a destination that waits for a source can be told to stop`() async throws {
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: MemoryTarget(), logger: silent)
        let received = destination.begin()
        destination.cancel()
        let result = await received.value
        guard case .failure(.cancelled) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(destination.info.status == .cancelled)
    }

    @Test func `a source that was told to stop before it started does nothing`() async throws {
        let guest = try SteppedGuest(pageCount: 16)
        let listener = try listen()
        let source = try MigrationSource(guest: guest, to: listener.uri, logger: silent)
        #expect(source.cancel())
        await #expect(throws: MigrationError.self) { try await source.run() }
        #expect(source.info.status == .cancelled)
        #expect(guest.isRunning)
    }

    /// While everything flows and nobody ever waits: the guest dirties all it has in each iteration.
    @Test(arguments: End.allCases)
    func `a migration that does not converge can be told to stop`(end: End) async throws {
        let guest = try SteppedGuest(pageCount: 4096)
        guest.dirtiesAll = true
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: MemoryTarget(), logger: silent)
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .zero
        let source = try MigrationSource(
            guest: guest, to: destination.uri, parameters: parameters, logger: silent)
        let received = destination.begin()
        let steering = Task {
            for await case .iteration(let iteration) in source.events where iteration.iteration == 3 {
                end == .source ? _ = source.cancel() : destination.cancel()
            }
        }
        let sent = await result(of: { () throws(MigrationError) in try await source.run() })
        let outcome = Outcome(source: sent, destination: await received.value)
        await steering.value
        #expect((end == .source ? outcome.sourceError : outcome.destinationError)?.isCancellation == true)
        #expect(!outcome.isComplete)
        #expect(guest.isRunning)
    }
}
