public import Logging
public import Multifd
import Synchronization

/// Saves a running guest of QEMU live: tells QEMU over QMP to migrate to here, receives the guest into a snapshot, and
/// leaves QEMU as it was. If it fails the guest runs on.
public final class QEMUSave: Sendable {
    /// What happens. For one consumer, which must keep up: of more than 1024 events that nobody has taken, the oldest
    /// are dropped, and of `MigrationEvent.progress(_:)` the last one alone is kept.
    public let events: AsyncStream<MigrationEvent>

    let qmp: QMPClient
    let target: SnapshotTarget
    let destination: MigrationDestination
    let parameters: MigrationParameters
    let options: QEMUSaveOptions
    let logger: Logger
    let live = LiveReport(keeping: 1024)
    let state: Mutex<State>

    struct State {
        var isCancelled = false
        var isReceived = false
        /// Whether the guest is known to go on in QEMU after a failure.
        var isRescued = false
        /// Whether the guest runs, but for a pause that is ours.
        var runs = false
        /// Whether the guest ran, and may be paused now.
        var mayBePaused = false
        /// Whether nothing is left to do but to leave QEMU as it was.
        var isWindingUp = false
        /// Whether QEMU cannot be asked any more.
        var isLost = false
        /// Whether QEMU calls a guest that was paused `postmigrate` after a failure.
        var isCountedAsMigrated = false
        var failure: MigrationError?
    }

    /// Connects to QEMU and checks that the guest can be saved. Nothing is changed yet. Cancelling the task that it is
    /// called in ends the wait for QEMU.
    ///
    /// - Parameters:
    ///   - address: QEMU's QMP socket.
    ///   - path: the snapshot's directory, which must not exist.
    ///   - parameters: for QEMU, as far as it has them; `timeout` bounds the wait for the connection, and then counts until
    ///     all of the guest is here.
    ///   - options: what else there is to choose.
    ///   - deadlines: how long to wait for QEMU.
    ///   - logger: gets what is worth knowing, but no failure: that is thrown.
    /// - Throws: ``QEMUError``.
    public init(
        qmp address: MigrationURI, to path: String, parameters: MigrationParameters = MigrationParameters(),
        options: QEMUSaveOptions = QEMUSaveOptions(), deadlines: Deadlines = Deadlines(),
        logger: Logger = Logger(label: "multifd.qemu")
    ) throws(QEMUError) {
        do throws(ParameterError) {
            try parameters.validateForSavingQEMU(usesMultifd: options.usesMultifd)
        } catch {
            throw .transfer(.parameter(error))
        }
        events = live.events
        self.parameters = parameters
        self.options = options
        self.logger = logger
        do { target = try SnapshotTarget(path: path, records: options.records) } catch { throw .snapshot(error) }
        do { qmp = try QMPClient(connectingTo: address, for: parameters) } catch { throw .qmp(error) }
        let runs = Self.runningStates.contains(try qmp.guestStatus())
        target.setSourceVersion(qmp.version)
        var receiving = QEMUReceiveOptions()
        receiving.multifdChannels = options.usesMultifd ? parameters.multifdChannels : 0
        // A guest that stays in QEMU is not given away: if it cannot be stored, that costs the snapshot alone. One that is
        // paused does not wait for the answer, and after a good one QEMU would call it migrated.
        receiving.answersBeforeStoring = options.afterwards == .resume && runs
        do {
            destination = try MigrationDestination(
                listeningOn: options.uri?.absolute ?? TemporarySocket.uri(), snapshot: target, qemu: receiving,
                deadlines: deadlines, logger: logger)
        } catch {
            throw .transfer(error)
        }
        state = Mutex(State())
    }

    /// How things stand.
    public var info: MigrationInfo { live.info }

    /// The manifest of what was saved, once it is.
    public var manifest: SnapshotManifest? { target.manifest }

    /// Saves the guest. To be called once.
    ///
    /// - Returns: the final report.
    /// - Throws: ``QEMUError``. There is no snapshot then, and the guest runs on, or is paused as it was. Only with
    ///   ``QEMUError/savedBut(reason:)`` is there one: the guest was saved, and what was to be done with QEMU afterwards
    ///   could not be.
    @discardableResult
    public func run() async throws(QEMUError) -> MigrationInfo {
        async let received: Void = receive()
        let driven = await withTaskCancellationHandler {
            await onThread(named: "mf-qmp", unstarted: QEMUError.noThread) { [self] () throws(QEMUError) in
                try drive()
            }
        } onCancel: {
            cancel()
        }
        destination.cancel()
        await received
        qmp.close()
        let result = driven.mapError { settle($0) }
        if case .failure(let error) = result {
            live.publish { info in
                if error.isCancellation {
                    info.status = .cancelled
                } else if info.status != .cancelled {
                    info.status = .failed
                }
                info.errorDescription = "\(error)"
            }
        }
        live.end()
        try result.get()
        return info
    }

    /// Ends it, in whatever state it is; the guest runs on. QEMU has a few seconds for each answer from then on. Called
    /// again it waits for none, whatever becomes of the guest.
    public func cancel() {
        let isFirst = state.withLock { state in
            defer { (state.isCancelled, state.isWindingUp) = (true, true) }
            return !state.isCancelled
        }
        if isFirst { qmp.hurry() } else { qmp.stopWaiting() }
        destination.cancel()
    }

    /// Leaves one guest after a failure: the one in QEMU, if it is known to go on there, else the one that has been saved.
    private func settle(_ error: QEMUError) -> QEMUError {
        if case .savedBut = error { return error }
        // What QEMU makes of our going away says less.
        var error = state.withLock { $0.isCancelled } ? QEMUError.transfer(.cancelled) : error
        let (isCountedAsMigrated, isLost, mayBePaused) = state.withLock {
            ($0.isCountedAsMigrated, $0.isLost, $0.mayBePaused)
        }
        if isCountedAsMigrated { error = .countedAsMigrated(error) }
        if isLost, !error.isLoss { error = .lost(error, mayBePaused: mayBePaused) }
        guard target.manifest != nil else { return error }
        guard state.withLock({ $0.isRescued }) else { return .savedBut(reason: "\(error)") }
        target.abort()
        return error
    }

    private func receive() async {
        do {
            try await destination.run()
            state.withLock { $0.isReceived = true }
        } catch {
            state.withLock { $0.failure = error }
        }
    }
}
