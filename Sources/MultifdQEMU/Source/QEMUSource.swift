import FoundationEssentials
public import Logging
public import Multifd
import SystemPackage

/// Sends a snapshot into a QEMU that was started with `-incoming`. The guest runs on there.
///
/// ```swift
/// let source = try QEMUSource(snapshot: Snapshot(path: "vm"), to: MigrationURI(parsing: "unix:/run/in.sock"))
/// try await source.run()      // QEMU has said that the guest is loaded
/// ```
public final class QEMUSource: Sendable {
    /// What happens. For one consumer, which must keep up: of more than 1024 events that nobody has taken, the oldest
    /// are dropped, and of `MigrationEvent.progress(_:)` the last one alone is kept.
    public let events: AsyncStream<MigrationEvent>

    private let snapshot: Snapshot
    private let machine: SnapshotMachine
    private let uri: MigrationURI
    private let parameters: MigrationParameters
    private let options: QEMUSendOptions
    private let deadlines: Deadlines
    private let logger: Logger
    private let patience: Patience
    private let live: LiveReport

    /// - Parameters:
    ///   - snapshot: of a guest of QEMU.
    ///   - uri: where the destination waits.
    ///   - parameters: compression, level and bandwidth; the compression must be the destination's.
    ///   - options: what else the destination has been told.
    ///   - deadlines: how long to wait for it.
    ///   - logger: gets what is worth knowing, but no failure: that is thrown.
    /// - Throws: ``SnapshotError`` or ``ParameterError``.
    public init(
        snapshot: Snapshot, to uri: MigrationURI, parameters: MigrationParameters = MigrationParameters(),
        options: QEMUSendOptions = QEMUSendOptions(), deadlines: Deadlines = Deadlines(),
        logger: Logger = Logger(label: "multifd.qemu")
    ) throws {
        guard let machine = snapshot.manifest.qemu else { throw SnapshotError.notQEMU(path: snapshot.path) }
        var checked = parameters
        checked.multifdChannels = max(1, options.multifdChannels)
        try checked.validateForSendingToQEMU()
        // Now: a QEMU that gets a part of a guest must be started anew. RAM takes longer, and is compared beside
        // sending.
        try snapshot.verifySmallFiles()
        self.snapshot = snapshot
        self.machine = machine
        self.uri = uri
        self.parameters = checked
        self.options = options
        self.deadlines = deadlines
        self.logger = logger
        patience = Patience(limit: deadlines.stall)
        var info = MigrationInfo()
        info.uri = "\(uri)"
        info.parameters = checked
        info.parameters?.multifdChannels = options.multifdChannels
        info.ram.total = snapshot.manifest.ramBlocks.reduce(0) { $0 + $1.size }
        var guest = GuestInfo()
        guest.ramBlocks = snapshot.manifest.ramBlocks.map { RAMBlockInfo(name: $0.name, size: $0.size) }
        info.guest = guest
        live = LiveReport(info, keeping: 1024)
        events = live.events
    }

    /// How things stand.
    public var info: MigrationInfo { live.info }

    /// Sends the guest. To be called once.
    ///
    /// - Returns: the final report.
    /// - Throws: ``MigrationError``. The snapshot is as it was; QEMU has ended, or must be.
    @discardableResult
    public func run() async throws(MigrationError) -> MigrationInfo {
        let result = await withTaskCancellationHandler {
            await onThread(named: "mf-source", unstarted: MigrationError.noThread) {
                [self] () throws(MigrationError) in try send()
            }
        } onCancel: {
            cancel()
        }
        if case .failure(let error) = result { fail("\(error)", isCancelled: error.isCancellation) }
        live.end()
        try result.get()
        return info
    }

    /// Tells those who follow what happens before it is run.
    func tell(_ event: MigrationEvent) { live.tell(event) }

    /// Has the report say why nothing came of it.
    func fail(_ reason: String, isCancelled: Bool) {
        live.publish { info in
            info.status = isCancelled ? .cancelled : .failed
            info.errorDescription = reason
        }
    }

    /// Ends the events of a source that will not be run: whoever follows them would wait for ever.
    func endEvents() { live.end() }

    /// Gives up, in whatever state it is.
    public func cancel() { patience.stop() }

    var isCancelled: Bool { patience.isStopped }

    private func send() throws(MigrationError) {
        if parameters.timeout > .zero { patience.setDeadline(.now + parameters.timeout) }
        var info = info
        info.status = .setup
        publish(info)
        let limiter = BandwidthLimiter(bytesPerSecond: parameters.maxBandwidth)
        let connection: Connection
        do {
            connection = try Connection.connect(
                to: MigrationPath(destination: uri), deadline: deadlines.connect, patience: patience)
        } catch .connect(let address, let errno) where errno == .connectionRefused || errno == .noSuchFileOrDirectory {
            throw .foreign(QEMUSendError.nobodyWaits(address: address))
        } catch {
            throw .transport(error)
        }
        let main = StreamConnection(connection, patience: patience, limiter: limiter)
        defer { main.shutdown() }
        let memory: GuestMemory
        do { memory = try GuestMemory(blocks: snapshot.files.map(\.block)) } catch { throw .memory(error) }
        let channels = ForeignChannels(
            of: memory, to: uri, id: sessionID, parameters: parameters, count: options.multifdChannels,
            limiter: limiter, patience: patience, deadlines: deadlines)
        do {
            try SnapshotSender(
                snapshot, machine, options: options, main: main, channels: channels, info: info, deadlines: deadlines,
                logger: logger, publish: { self.publish($0) }
            ).run()
        } catch .foreign(QEMUSendError.unconfirmed) {
            throw .foreign(QEMUSendError.unconfirmed)
        } catch {
            if patience.isStopped { throw .cancelled }
            if patience.isPastDeadline {
                throw .timedOut(after: parameters.timeout, reason: "the guest was not sent in that time")
            }
            // A channel's: the main connection says so itself. QEMU listened until that stood, and may have ended since.
            switch error {
            case .transport(.closed), .transport(.broken), .transport(.connect(_, .connectionRefused)),
                .transport(.connect(_, .noSuchFileOrDirectory)):
                throw .foreign(QEMUSendError.closed(what: "a channel"))
            default: break
            }
            throw error
        }
    }

    private var sessionID: SessionID { SessionID(uuid: options.uuid?.uuidString ?? machine.uuid) }

    private func publish(_ info: MigrationInfo) { live.publish { $0 = info } }
}

extension SessionID {
    /// A guest's UUID, as channels say it: thirty-two hexadecimal digits, with dashes between them or without.
    init(uuid: String) {
        let digits = uuid.filter { $0 != "-" }
        self.init(high: UInt64(digits.prefix(16), radix: 16) ?? 0, low: UInt64(digits.dropFirst(16), radix: 16) ?? 0)
    }
}
