import Multifd
import Testing

/// Connections that break, fall silent or are reset, at every stage of a migration.
@Suite(.serialized) struct ConnectionFaultTests {
    /// Each stage of the main channel before the guest is given away.
    static let stages: [(Fault.Direction, Fault.Place)] = [
        (.toDestination, .byte(0)), (.toDestination, .byte(4)), (.toSource, .byte(0)), (.toSource, .byte(4)),
        (.toDestination, .before(.setup, 1)), (.toSource, .before(.ready, 1)),
        (.toDestination, .before(.iterationEnd, 1)), (.toSource, .before(.barrierReached, 1)),
        (.toDestination, .after(.iterationEnd, 2)), (.toSource, .before(.barrierReached, 3)),
        (.toDestination, .before(.deviceState, 1)), (.toDestination, .after(.deviceState, 1)),
        (.toDestination, .before(.finish, 1)), (.toDestination, .after(.finish, 1)),
        (.toSource, .before(.verified, 1)),
    ]

    static var parameters: MigrationParameters {
        var parameters = MigrationParameters()
        parameters.multifdChannels = 3
        parameters.downtimeLimit = .zero  // until three iterations have gone
        return parameters
    }

    /// Migrates with a fault. Iterations go on until the third, so that there are some of each kind, and until a channel has
    /// met its fault, however small its share of the pages.
    private func migrate(
        _ guest: any Guest, to target: any MigrationTarget, _ fault: Fault, deadlines: Deadlines = Deadlines(),
        parameters: MigrationParameters = Self.parameters
    ) async throws -> Outcome {
        let migration = try ProxiedMigration(of: guest, to: target, parameters, fault, deadlines: deadlines)
        let steering = Task {
            for await case .iteration(let iteration) in migration.source.events
            where iteration.iteration >= 3 && (fault.connection == .main || migration.proxy.hasHappened) {
                var changes = ParameterChanges()
                changes.downtimeLimit = .seconds(60)
                try migration.source.change(changes)
            }
        }
        let outcome = await migration.run()
        try await steering.value
        #expect(migration.proxy.hasHappened, "\(fault)")
        return outcome
    }

    @Test(arguments: stages.indices, [Fault.Action.cut, .reset])
    func `a main channel that breaks leaves the guest at the source, running`(
        stage: Int, action: Fault.Action
    ) async throws {
        let fault = Fault.main(Self.stages[stage].0, Self.stages[stage].1, action)
        let guest = try WorkloadGuest.running()
        let target = WorkloadTarget()
        let outcome = try await migrate(guest, to: target, fault)
        #expect(outcome.sourceError != nil, "\(fault)")
        #expect(outcome.destinationError != nil, "\(fault)")
        #expect(guest.isRunning, "\(fault)")
        #expect(target.guest == nil, "\(fault)")
        #expect(try guest.equalsReference())
        guest.shutDown()
    }

    /// One each of greeting, negotiation, iterations and switchover: each takes the time of the deadline.
    @Test(arguments: [1, 5, 8, 14])
    func `a main channel that falls silent is given up by both ends`(stage: Int) async throws {
        let fault = Fault.main(Self.stages[stage].0, Self.stages[stage].1, .stall)
        let guest = try WorkloadGuest.running()
        let outcome = try await migrate(guest, to: WorkloadTarget(), fault, deadlines: .short)
        switch outcome.sourceError {
        case .transport(.stalled), .noGreeting: break
        default: Issue.record("\(fault): \(outcome.source)")
        }
        #expect(outcome.destinationError != nil, "\(fault)")
        #expect(guest.isRunning, "\(fault)")
        guest.shutDown()
    }

    /// In the hello, in the first packet's header and payload, in the middle of the first iteration, and at its end.
    @Test(arguments: [30, 64, 500, 64 + 1344, 100_000, 1_000_000, 2_000_000], [Fault.Action.cut, .reset])
    func `a channel that breaks is done without`(byte: Int, action: Fault.Action) async throws {
        let fault = Fault.channel(1, byte: byte, action)
        let guest = try WorkloadGuest.running("mixed,ram=16MiB,vcpus=2,working-set=2MiB,rate=20MB/s,fill=random")
        let target = WorkloadTarget()
        var parameters = Self.parameters
        parameters.verifyMemory = true
        let outcome = try await migrate(guest, to: target, fault, parameters: parameters)
        #expect(outcome.isComplete, "\(fault): \(outcome)")
        #expect(try target.guest?.equalsReference() == true, "\(fault)")
        guest.shutDown()
        target.guest?.shutDown()
    }

    /// The loss of a channel is agreed on with the destination while others go on: in iterations of all kinds.
    @Test(arguments: 0..<12)
    func `a channel that breaks at any time costs no page`(round: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(round))
        // Beyond the first iteration, which is a third of 16 MiB on each channel.
        let byte = 5_700_000 + Int.random(in: 0..<1_500_000, using: &generator)
        let fault = Fault.channel(UInt8(round % 3), byte: byte, round % 2 == 0 ? .cut : .reset)
        let guest = try WorkloadGuest.running("mixed,ram=16MiB,vcpus=2,working-set=8MiB,rate=200MB/s,fill=random")
        let target = WorkloadTarget()
        var parameters = Self.parameters
        parameters.verifyMemory = true
        parameters.multifdCompression = MultifdCompression.allCases[round % 3]
        let migration = try ProxiedMigration(of: guest, to: target, parameters, fault)
        let steering = Task {
            for await case .iteration in migration.source.events where migration.proxy.hasHappened {
                var changes = ParameterChanges()
                changes.downtimeLimit = .seconds(60)
                try migration.source.change(changes)
            }
        }
        let outcome = await migration.run()
        try await steering.value
        #expect(outcome.isComplete, "\(fault): \(outcome)")
        #expect(try target.guest?.equalsReference() == true, "\(fault)")
        guest.shutDown()
        target.guest?.shutDown()
    }

    @Test(arguments: [30, 1408, 1_000_000])
    func `the last channel's loss ends the migration`(byte: Int) async throws {
        let guest = try WorkloadGuest.running("mixed,ram=16MiB,vcpus=2,working-set=2MiB,rate=20MB/s,fill=random")
        var parameters = Self.parameters
        parameters.multifdChannels = 1
        let outcome = try await migrate(
            guest, to: WorkloadTarget(), .channel(0, byte: byte), parameters: parameters)
        guard case .noChannelLeft = outcome.sourceError else {
            Issue.record("\(outcome.source)")
            return
        }
        #expect("\(outcome.destination)".contains("no channel is left"))
        #expect(guest.isRunning)
        guest.shutDown()
    }

    /// In its first packet, or in a later one. With 16 MiB what is held back is more than the sockets take, so that the source
    /// notices; of 1 MiB it knows nothing, and the destination does.
    @Test(arguments: [30, 100_000], [16, 1])
    func `a channel that falls silent is done without`(byte: Int, mebibytes: Int) async throws {
        let guest = try WorkloadGuest.running(
            "mixed,ram=\(mebibytes)MiB,vcpus=2,working-set=\(mebibytes * 128)KiB,rate=20MB/s,fill=random")
        let target = WorkloadTarget()
        var deadlines = Deadlines.short
        deadlines.stall = .seconds(6)
        let outcome = try await migrate(guest, to: target, .channel(1, byte: byte, .stall), deadlines: deadlines)
        #expect(outcome.sourceError == nil)
        #expect(outcome.destinationError == nil)
        #expect(try target.guest?.equalsReference() == true)
        guest.shutDown()
        target.guest?.shutDown()
    }
}
