import Multifd

/// How a migration ended at its two ends.
struct Outcome: Sendable {
    let source: Result<MigrationInfo, MigrationError>
    let destination: Result<MigrationInfo, MigrationError>

    var sourceError: MigrationError? { if case .failure(let error) = source { error } else { nil } }
    var destinationError: MigrationError? { if case .failure(let error) = destination { error } else { nil } }
    var isComplete: Bool { sourceError == nil && destinationError == nil }
}

extension Deadlines {
    /// For tests in which a peer falls silent: still long enough for a machine that is busy with something else.
    static var short: Deadlines {
        var deadlines = Deadlines()
        deadlines.connect = .seconds(5)
        deadlines.handshake = .seconds(2)
        deadlines.stall = .seconds(2)
        deadlines.switchover = .milliseconds(100)
        return deadlines
    }
}

/// A migration with a proxy between its two ends.
struct ProxiedMigration {
    let source: MigrationSource
    let destination: MigrationDestination
    let proxy: FaultProxy

    init(
        of guest: any Guest, to target: any MigrationTarget, _ parameters: MigrationParameters, _ fault: Fault,
        deadlines: Deadlines = Deadlines()
    ) throws {
        destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: target, deadlines: deadlines,
            logger: silent)
        proxy = try FaultProxy(to: destination.uri, fault)
        source = try MigrationSource(
            guest: guest, to: proxy.uri, parameters: parameters, deadlines: deadlines, logger: silent)
    }

    /// Runs both ends. A destination that nobody has spoken to is cancelled when the source has ended.
    func run() async -> Outcome {
        let received = destination.begin()
        let sent = await result(of: { () throws(MigrationError) in try await source.run() })
        if destination.info.guest == nil { destination.cancel() }
        let outcome = Outcome(source: sent, destination: await received.value)
        proxy.stop()
        return outcome
    }
}

/// What an end of a migration returned or threw.
func result(
    of body: () async throws(MigrationError) -> MigrationInfo
) async -> Result<MigrationInfo, MigrationError> {
    do { return .success(try await body()) } catch { return .failure(error) }
}
