import FoundationEssentials
public import Logging
public import Multifd
import Synchronization

/// Puts a snapshot into a QEMU that was started with `-incoming defer`, and tells it over QMP what comes.
public final class QEMURestore: Sendable {
    /// What happens. For one consumer, which must keep up: of more than 1024 events that nobody has taken, the oldest
    /// are dropped, and of `MigrationEvent.progress(_:)` the last one alone is kept.
    public let events: AsyncStream<MigrationEvent>

    private let qmp: QMPClient
    private let uri: MigrationURI
    /// Whether nobody else has named it.
    private let isTemporary: Bool
    private let snapshot: Snapshot
    private let machine: SnapshotMachine
    private let source: QEMUSource
    private let parameters: MigrationParameters
    private let usesMultifd: Bool
    private let logger: Logger
    /// What QEMU's were, once they are changed.
    private let settings = Mutex<MigrationSettings?>(nil)
    /// Whether QEMU has been told where its guest comes from.
    private let isListening = Atomic(false)

    /// Connects to QEMU and opens the snapshot. Cancelling the task that it is called in ends the wait for QEMU.
    ///
    /// - Parameters:
    ///   - snapshot: of a guest of QEMU with the same machine.
    ///   - address: QEMU's QMP socket.
    ///   - parameters: channels, compression, level, bandwidth, and `timeout`, which bounds the wait for the connection,
    ///     too.
    ///   - usesMultifd: whether pages go over channels.
    ///   - uri: where QEMU is to listen, with a port if it is TCP; nil for a socket in the directory for temporary
    ///     files.
    ///   - deadlines: how long to wait for QEMU.
    ///   - logger: gets what is worth knowing, but no failure: that is thrown.
    /// - Throws: ``QEMUError``, ``SnapshotError`` or ``ParameterError``.
    public init(
        snapshot: Snapshot, qmp address: MigrationURI, parameters: MigrationParameters = MigrationParameters(),
        usesMultifd: Bool = true, uri: MigrationURI? = nil, deadlines: Deadlines = Deadlines(),
        logger: Logger = Logger(label: "multifd.qemu")
    ) throws {
        guard let machine = snapshot.manifest.qemu else { throw SnapshotError.notQEMU(path: snapshot.path) }
        isTemporary = uri == nil
        let uri = uri?.absolute ?? TemporarySocket.uri()
        if case .tcp(_, 0) = uri { throw QEMUError.noPort(uri: "\(uri)") }
        let qmp: QMPClient
        do { qmp = try QMPClient(connectingTo: address, for: parameters) } catch { throw QEMUError.qmp(error) }
        var options = QEMUSendOptions()
        options.uuid = try qmp.ask("query-uuid")["UUID"]?.string.flatMap(UUID.init(uuidString:))
        options.destinationVersion = qmp.version
        options.multifdChannels = usesMultifd ? parameters.multifdChannels : 0
        options.isVerified = true
        source = try QEMUSource(
            snapshot: snapshot, to: uri, parameters: parameters, options: options, deadlines: deadlines, logger: logger)
        events = source.events
        self.snapshot = snapshot
        self.machine = machine
        self.uri = uri
        self.parameters = parameters
        self.usesMultifd = usesMultifd
        self.qmp = qmp
        self.logger = logger
    }

    /// How things stand.
    public var info: MigrationInfo { source.info }

    /// Restores the guest. To be called once. Cancelling its task cancels it.
    ///
    /// - Returns: the final report. The guest runs if it ran when it was saved, unless QEMU was started with `-S`.
    /// - Throws: ``QEMUError``. The snapshot is as it was.
    @discardableResult
    public func run() async throws(QEMUError) -> MigrationInfo {
        let result = await withTaskCancellationHandler {
            await restore()
        } onCancel: {
            cancel()
        }
        // Also where QEMU had been sent all of the guest.
        if case .failure(let error) = result { source.fail("\(error)", isCancelled: error.isCancellation) }
        source.endEvents()
        qmp.close()
        if isTemporary { TemporarySocket.remove(uri) }
        return try result.get()
    }

    private func restore() async -> Result<MigrationInfo, QEMUError> {
        let prepared = await onThread(named: "mf-qmp", unstarted: QEMUError.noThread) {
            [self] () throws(QEMUError) in
            do throws(QEMUError) {
                try prepare()
            } catch {
                restoreSettings()
                throw error
            }
        }
        // What has not been answered in time then says less.
        if case .failure(let error) = prepared { return .failure(source.isCancelled ? .transfer(.cancelled) : error) }
        let sent: Result<MigrationInfo, MigrationError>
        do {
            sent = .success(try await source.run())
        } catch {
            sent = .failure(error)
        }
        return await onThread(named: "mf-qmp", unstarted: QEMUError.noThread) { [self] () throws(QEMUError) in
            defer { restoreSettings() }
            return try conclude(sent)
        }
    }

    /// Gives up, in whatever state it is. QEMU has a few seconds for each answer from then on.
    public func cancel() {
        qmp.hurry()
        source.cancel()
    }

    private func prepare() throws(QEMUError) {
        let status = try qmp.guestStatus()
        guard status == "inmigrate" else { throw .notIncoming(status: status) }
        try checkDeferred()
        try checkMachine()
        var settings = try MigrationSettings(qmp)
        guard !usesMultifd || settings.hasCapability("multifd") else {
            throw .noCapability("multifd", version: qmp.version)
        }
        try settings.checkEncryption(to: uri, logger)
        var capabilities = MigrationSettings.capabilities(multifd: usesMultifd)
        for name in machine.capabilities {
            guard settings.hasCapability(name) else { throw .noCapability(name, version: qmp.version) }
            capabilities[name] = true
        }
        defer { self.settings.withLock { $0 = settings } }
        try compareHashes()
        try settings.set(capabilities)
        try settings.set(MigrationSettings.channels(parameters))
        try listen()
    }

    /// Before QEMU is told anything, and not beside sending: it tries only once, and would have to be started anew.
    private func compareHashes() throws(QEMUError) {
        logger.info("comparing hashes")
        do throws(SnapshotError) {
            try snapshot.verifySmallFiles()
            try snapshot.verifyRAM(while: { !source.isCancelled }) { source.tell(.comparison($0)) }
        } catch {
            throw .snapshot(error)
        }
        guard !source.isCancelled else { throw .transfer(.cancelled) }
    }

    /// QEMU is told once where its guest comes from, and refuses settings from then on.
    private func checkDeferred() throws(QEMUError) {
        let report = try qmp.ask("query-migrate")
        let status = report["status"]?.string
        // Before QEMU 8 one that listens has an address and no status.
        guard status == nil || status == "none", report["socket-address"] == nil else {
            throw .notDeferred(status: status)
        }
    }

    /// The machine type is compared before the stream: a QEMU that ends says only on its standard error what it has.
    private func checkMachine() throws(QEMUError) {
        let suffix = "-machine"
        guard let type = (try? qmp.ask("qom-get", ["path": "/machine", "property": "type"]))?.string,
            type.hasSuffix(suffix), type.dropLast(suffix.count) != machine.machine
        else { return }
        throw .machine(snapshot: machine.machine, qemu: String(type.dropLast(suffix.count)))
    }

    /// So that a later migration of the guest is what the operator set up. A QEMU that has ended needs none of it, nor
    /// does one that still waits: it must be started anew.
    private func restoreSettings() {
        guard var changed = settings.withLock({ $0.take() }) else { return }
        if isListening.load(ordering: .relaxed), (try? qmp.guestStatus()) == "inmigrate" { return }
        do {
            // They must not change before it has wound this migration up.
            try qmp.waitForWindingUp(within: Self.patience)
            try changed.restore()
        } catch .qmp(.closed) {
        } catch {
            logger.error("QEMU's migration settings could not be changed back: \(error)")
        }
    }

    private func listen() throws(QEMUError) {
        // Later QEMUs can stay alive after a failure and tell its reason.
        let arguments: [String: JSONValue] = ["uri": .string("\(uri)")]
        if qmp.version >= QEMUVersion(major: 9, minor: 1) {
            try qmp.ask(
                "migrate-incoming", .object(arguments.merging(["exit-on-error": false]) { $1 }))
        } else {
            try qmp.ask("migrate-incoming", .object(arguments))
        }
        isListening.store(true, ordering: .relaxed)
    }

    /// Has QEMU confirm what became of the guest: its reason for a failure says more than the stream's end.
    private func conclude(_ sent: Result<MigrationInfo, MigrationError>) throws(QEMUError) -> MigrationInfo {
        switch sent {
        case .success(let info):
            try waitForGuest()
            return info
        case .failure(let error):
            switch error {
            case .transport(.cancelled), .cancelled, .timedOut, .guest, .memory, .noThread: throw .transfer(error)
            default: throw explain(error)
            }
        }
    }

    private func waitForGuest() throws(QEMUError) {
        let end = MonotonicTime.now + Self.patience
        var status = try qmp.guestStatus()
        while status == "inmigrate" {
            guard MonotonicTime.now < end else { throw .notStarted }
            Patience.sleep(for: .milliseconds(20))
            status = try qmp.guestStatus()
        }
        // QEMU 7.2 leaves one paused whose disk it cannot have, which looks as if it had been started with -S.
        guard status == "paused" else { return }
        logger.warning(
            "the guest is loaded, and paused: unless it was saved so, or QEMU was started with -S, QEMU's standard error says why"
        )
    }

    private func explain(_ failure: MigrationError) -> QEMUError {
        let end = MonotonicTime.now + Self.patience
        while MonotonicTime.now < end {
            let report: JSONValue
            do {
                report = try qmp.ask("query-migrate", within: Self.patience)
            } catch .qmp(.timedOut) {
                // It would not answer to what is to be changed back, either.
                settings.withLock { $0 = nil }
                return .notLoaded(reason: "it hangs, and must be ended", cause: failure)
            } catch {
                return .notLoaded(reason: "it has ended, and its standard error says why", cause: failure)
            }
            if report["status"]?.string == "failed", let reason = report["error-desc"]?.string {
                // Often no more than "Invalid argument".
                return .notLoaded(reason: "\(reason); its standard error may say more", cause: nil)
            }
            if Self.isUnreached(failure), (try? qmp.guestStatus()) == "inmigrate" { return .notReached(uri: "\(uri)") }
            Patience.sleep(for: .milliseconds(50))
        }
        return .transfer(failure)
    }

    private static func isUnreached(_ failure: MigrationError) -> Bool {
        switch failure {
        case .foreign(QEMUSendError.nobodyWaits), .transport(.connect), .transport(.unresolved): true
        default: false
        }
    }

    private static let patience = Duration.seconds(5)
}
