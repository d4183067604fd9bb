public import Logging

/// The destination of a migration: listens, takes one guest in, and hands it to a target.
///
/// Who is in charge of what, from the port to the guest's memory:
/// - `Acceptor` takes connections and finds out what each is, on a thread of its own.
/// - `Reception` leads the conversation on the main channel; with another program's source a `ForeignProtocol` does.
/// - `ReceiveChannel` receives the packets of a channel; its `PacketDecoder` checks them and puts pages in their place.
/// - `ReceiveBarrier` is where the channels and the main channel meet at the end of an iteration.
/// - `IncomingMemory` is where pages end up: in what the ``MigrationTarget`` has prepared.
/// - `DestinationState` is what those see of it who watch.
///
/// ```swift
/// let destination = try MigrationDestination(listeningOn: MigrationURI(parsing: "tcp:0.0.0.0:4444"), target: machine)
/// let report = try await destination.run()
/// ```
public final class MigrationDestination: Sendable {
    /// Where it listens, with the port that was picked when 0 was asked for.
    public let uri: MigrationURI
    /// What happens. For one consumer, which must keep up: of more than 256 events that nobody has taken, the oldest
    /// are dropped, and of ``MigrationEvent/progress(_:)`` the last one alone is kept.
    public let events: AsyncStream<MigrationEvent>

    private let state: DestinationState
    private let target: any MigrationTarget
    private let foreign: (any ForeignProtocol)?
    private let acceptor: Acceptor
    private let deadlines: Deadlines
    private let logger: Logger

    /// Listens when it returns.
    ///
    /// - Parameters:
    ///   - uri: where to listen; the destination learns everything else from the source.
    ///   - target: what receives the guest.
    ///   - deadlines: how long to wait for a peer. Only ``Deadlines/total`` limits the wait for a source to come.
    ///   - logger: gets what is worth knowing, but no failure: that is thrown.
    /// - Throws: ``MigrationError/transport(_:)``.
    public convenience init(
        listeningOn uri: MigrationURI, target: any MigrationTarget, deadlines: Deadlines = Deadlines(),
        logger: Logger = Logger(label: "multifd.destination")
    ) throws(MigrationError) {
        try self.init(listeningOn: uri, target: target, foreign: nil, deadlines: deadlines, logger: logger)
    }

    /// - Parameter foreign: another protocol whose sources may come as well.
    package init(
        listeningOn uri: MigrationURI, target: any MigrationTarget, foreign: (any ForeignProtocol)?,
        deadlines: Deadlines, logger: Logger
    ) throws(MigrationError) {
        let listener: Listener
        do { listener = try Listener(on: uri) } catch { throw .transport(error) }
        self.uri = listener.uri
        self.target = target
        self.foreign = foreign
        self.deadlines = deadlines
        self.logger = logger
        acceptor = Acceptor(listener: listener, foreign: foreign, deadlines: deadlines, logger: logger)
        state = DestinationState(uri: listener.uri, target: target, patience: Patience(limit: deadlines.stall))
        events = state.events
    }

    /// How things stand.
    public var info: MigrationInfo { state.info }

    /// Waits for a source and takes its guest in. To be called once. Cancelling its task cancels the migration.
    ///
    /// - Returns: the final report.
    /// - Throws: ``MigrationError``. Nothing of the guest is left here then.
    @discardableResult
    public func run() async throws(MigrationError) -> MigrationInfo {
        let result = await withTaskCancellationHandler {
            await onThread(named: "mf-destination", unstarted: MigrationError.noThread) {
                [self] () throws(MigrationError) in try receive()
            }
        } onCancel: {
            cancel()
        }
        if case .failure(let error) = result { state.finish(error) } else { state.finish(nil) }
        try result.get()
        return info
    }

    private func receive() throws(MigrationError) {
        let accepting: WorkerThread
        do {
            accepting = try WorkerThread(named: "mf-accept") { [acceptor] in acceptor.run() }
        } catch {
            throw .noThread(error)
        }
        defer { accepting.join() }
        try Reception(
            target: target, foreign: foreign, acceptor: acceptor, state: state, deadlines: deadlines, logger: logger
        ).run()
    }

    /// Ends the migration, in whatever state it is. Nothing of the guest is left here, unless it has been taken over.
    public func cancel() { state.patience.stop() }
}
