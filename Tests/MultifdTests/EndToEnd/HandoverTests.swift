import Multifd
import Testing

/// What becomes of the guest when the connection fails between the source's last word and the destination's. It must
/// never run at both ends.
@Suite(.serialized) struct HandoverTests {
    private func migrate(_ guest: WorkloadGuest, to target: any MigrationTarget, _ fault: Fault) async throws -> Outcome
    {
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .seconds(60)
        let migration = try ProxiedMigration(of: guest, to: target, parameters, fault, deadlines: .short)
        let outcome = await migration.run()
        #expect(migration.proxy.hasHappened)
        return outcome
    }

    /// The source cannot know whether its handover arrived.
    @Test(arguments: [Fault.Action.cut, .reset, .stall, .flip])
    func `a handover that does not arrive leaves the guest paused at the source, to be resumed`(
        action: Fault.Action
    ) async throws {
        let guest = try WorkloadGuest.running()
        let target = WorkloadTarget()
        let outcome = try await migrate(
            guest, to: target, .main(.toDestination, .before(.handover, 1), action))
        #expect(outcome.destinationError != nil)
        #expect(target.guest == nil)
        if action == .flip {
            // Refused: the source knows that the destination did not take it.
            guard case .refused = outcome.sourceError else { Issue.record("\(outcome.source)"); return }
        } else {
            guard case .handoverUnconfirmed = outcome.sourceError else { Issue.record("\(outcome.source)"); return }
            let steps = guest.stepCounts
            try await Task.sleep(for: .milliseconds(50))
            #expect(guest.stepCounts == steps)
            try guest.resume()
        }
        #expect(guest.isRunning)
        #expect(try guest.equalsReference())
        guest.shutDown()
    }

    @Test(arguments: [Fault.Action.cut, .reset, .stall, .flip])
    func `a guest whose confirmation is lost runs at the destination, and nowhere else`(
        action: Fault.Action
    ) async throws {
        let guest = try WorkloadGuest.running()
        let target = WorkloadTarget()
        let outcome = try await migrate(guest, to: target, .main(.toSource, .before(.running, 1), action))
        guard case .handoverUnconfirmed = outcome.sourceError else { Issue.record("\(outcome.source)"); return }
        #expect(outcome.destinationError == nil)
        #expect("\(outcome.source)".contains("stays paused"))
        let arrived = try #require(target.guest)
        #expect(arrived.isRunning)
        let steps = guest.stepCounts
        #expect(try arrived.equalsReference())
        #expect(guest.stepCounts == steps, "both run")
        guest.shutDown()
        arrived.shutDown()
    }

    @Test func `a target that cannot commit gives the guest back`() async throws {
        let guest = try WorkloadGuest.running()
        let target = FailingTarget(at: .commit)
        let outcome = try await migrate(guest, to: target, .main(.toSource, .after(.refused, 1)))
        guard case .refused(_, let reason) = outcome.sourceError else { Issue.record("\(outcome.source)"); return }
        #expect(reason.contains("the disk is full"))
        #expect(guest.isRunning)
        #expect(target.calls == [.prepare, .load, .commit, .abort])
        guest.shutDown()
    }

    /// A disk that stores much takes its time.
    @Test(arguments: [FailingTarget.Call.prepare, .load, .commit])
    func `a destination that works for longer than anybody may be silent is waited for`(
        call: FailingTarget.Call
    ) async throws {
        let guest = try WorkloadGuest.running()
        let target = FailingTarget(at: nil, slow: call)
        let outcome = try await migrate(guest, to: target, .main(.toSource, .after(.running, 1), .stall))
        #expect(outcome.sourceError == nil)
        #expect(outcome.destinationError == nil)
        #expect(target.calls == [.prepare, .load, .commit, .run])
        guest.shutDown()
    }

    enum SlowCall: CaseIterable { case contentRanges, sync, pause, saveDeviceState }

    @Test(arguments: SlowCall.allCases)
    func `a guest that takes longer than anybody may be silent is waited for`(call: SlowCall) async throws {
        let guest = try SteppedGuest(pageCount: 10)
        let wait = { @Sendable in Patience.sleep(for: Deadlines.short.stall + .seconds(1)) }
        switch call {
        case .contentRanges: guest.onContent = wait
        case .sync: guest.onSync = wait
        case .pause: guest.onPause = wait
        case .saveDeviceState: guest.onSave = wait
        }
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .seconds(60)
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: MemoryTarget(), deadlines: .short,
            logger: silent)
        let received = destination.begin()
        let source = try MigrationSource(
            guest: guest, to: destination.uri, parameters: parameters, deadlines: .short, logger: silent)
        let sent = await result(of: { () throws(MigrationError) in try await source.run() })
        let outcome = Outcome(source: sent, destination: await received.value)
        #expect(outcome.sourceError == nil)
        #expect(outcome.destinationError == nil)
    }

    /// The source is told before the guest runs, and keeps it no longer: dropping it would lose the only one.
    @Test func `a guest that does not start at the destination is not dropped there`() async throws {
        let guest = try WorkloadGuest.running()
        let target = FailingTarget(at: .run)
        let outcome = try await migrate(guest, to: target, .main(.toSource, .after(.running, 1), .stall))
        #expect(outcome.sourceError == nil)
        guard case .guest = outcome.destinationError else { Issue.record("\(outcome.destination)"); return }
        #expect(target.calls == [.prepare, .load, .commit, .run])
        guest.shutDown()
    }
}
