public import Logging

/// The source of a migration: moves a running guest to a destination.
///
/// ```swift
/// let source = try MigrationSource(guest: machine, to: MigrationURI(parsing: "tcp:host:4444"))
/// let report = try await source.run()      // the guest now runs at the destination
/// ```
public final class MigrationSource: Sendable {
    /// What happens. For one consumer, which must keep up: of more than 256 events that nobody has taken, the oldest
    /// are dropped, and of ``MigrationEvent/progress(_:)`` the last one alone is kept.
    public let events: AsyncStream<MigrationEvent>

    private let guest: any Guest
    private let uri: MigrationURI
    private let paths: [MigrationPath]
    private let state: SourceState
    private let deadlines: Deadlines
    private let logger: Logger

    /// - Parameters:
    ///   - guest: what to migrate. It may run before, and runs on until the switchover.
    ///   - uri: where the destination listens.
    ///   - paths: the ways that channels take, in turn; `uri` when empty.
    ///   - parameters: how to migrate.
    ///   - deadlines: how long to wait for the peer.
    ///   - logger: gets what is worth knowing, but no failure: that is thrown.
    /// - Throws: ``MigrationError/parameter(_:)``.
    public init(
        guest: any Guest, to uri: MigrationURI, paths: [MigrationPath] = [],
        parameters: MigrationParameters = MigrationParameters(), deadlines: Deadlines = Deadlines(),
        logger: Logger = Logger(label: "multifd.source")
    ) throws(MigrationError) {
        do { try parameters.validate() } catch { throw .parameter(error) }
        if parameters.autoConverge || parameters.vcpuDirtyLimit != nil, guest.dirtyLog == nil {
            throw .parameter(.nothingToThrottle)
        }
        if parameters.xbzrle, guest.dirtyLog == nil { throw .parameter(.nothingToCompare) }
        if parameters.vcpuDirtyLimit != nil, !(guest is any VCPUThrottling) {
            throw .parameter(.dirtyLimitUnsupported)
        }
        self.guest = guest
        self.uri = uri
        self.paths = paths
        self.deadlines = deadlines
        self.logger = logger
        state = SourceState(parameters: parameters, patience: Patience(limit: deadlines.stall))
        events = state.live.events
    }

    /// How things stand.
    public var info: MigrationInfo { state.live.info }

    /// What the throttle decided on so far, to be replayed with other policies.
    package var recording: ThrottleRecording { state.recording }

    /// Migrates the guest. To be called once. Cancelling its task cancels the migration.
    ///
    /// - Returns: the final report. The guest at this end stays paused.
    /// - Throws: ``MigrationError``. The guest runs on here at full speed, but for
    ///   ``MigrationError/handoverUnconfirmed(peer:)``.
    @discardableResult
    public func run() async throws(MigrationError) -> MigrationInfo {
        let result = await withTaskCancellationHandler {
            await onThread(named: "mf-source", unstarted: MigrationError.noThread) { [self] () throws(MigrationError) in
                try Coordinator(
                    guest: guest, uri: uri, paths: paths, state: state, deadlines: deadlines, logger: logger
                ).run()
            }
        } onCancel: {
            cancel()
        }
        state.live.end()
        try result.get()
        return info
    }

    /// Ends the migration, in whatever state it is; the guest runs on here. Too late once the guest has been handed
    /// over: the migration then completes.
    ///
    /// - Returns: whether it was in time.
    @discardableResult
    public func cancel() -> Bool { state.cancel() }

    /// Changes parameters of the running migration.
    ///
    /// - Throws: ``ParameterError`` when the result is not valid; nothing is changed then.
    public func change(_ changes: ParameterChanges) throws(ParameterError) { try state.apply(changes) }
}
