public import Logging
public import Multifd
import Synchronization

/// Saves a running guest of QEMU live: tells QEMU over QMP to migrate to here, receives the guest into a snapshot, and
/// leaves QEMU as it was. If it fails the guest runs on.
public final class QEMUSave: Sendable {
    /// What happens, from the beginning. For one consumer.
    public let events: AsyncStream<MigrationEvent>

    private let qmp: QMPClient
    private let target: SnapshotTarget
    private let destination: MigrationDestination
    private let parameters: MigrationParameters
    private let options: QEMUSaveOptions
    private let logger: Logger
    private let continuation: AsyncStream<MigrationEvent>.Continuation
    private let state: Mutex<State>

    private struct State {
        var info = MigrationInfo()
        var isReceived = false
        var failure: MigrationError?
    }

    /// Connects to QEMU and checks that the guest can be saved. Nothing is changed yet.
    ///
    /// - Parameters:
    ///   - address: QEMU's QMP socket.
    ///   - path: the snapshot's directory, which must not exist.
    ///   - parameters: channels, compression, levels, bandwidth and downtime limit for QEMU.
    ///   - options: what else there is to choose.
    ///   - deadlines: how long to wait for QEMU.
    ///   - logger: gets what is worth knowing and no failure.
    /// - Throws: ``QEMUError``.
    public init(
        qmp address: MigrationURI, to path: String, parameters: MigrationParameters = MigrationParameters(),
        options: QEMUSaveOptions = QEMUSaveOptions(), deadlines: Deadlines = Deadlines(),
        logger: Logger = Logger(label: "multifd.qemu")
    ) throws(QEMUError) {
        do throws(ParameterError) {
            try parameters.validateForQEMU()
            guard !parameters.xbzrle || !options.usesMultifd else {
                throw ParameterError.needless(name: "xbzrle", without: "no-multifd")
            }
        } catch {
            throw .transfer(.parameter(error))
        }
        (events, continuation) = AsyncStream.makeStream(
            of: MigrationEvent.self, bufferingPolicy: .bufferingNewest(1024))
        self.parameters = parameters
        self.options = options
        self.logger = logger
        do { target = try SnapshotTarget(path: path, records: options.records) } catch { throw .snapshot(error) }
        do { qmp = try QMPClient(connectingTo: address) } catch { throw .qmp(error) }
        target.setSourceVersion(qmp.version)
        var receiving = QEMUReceiveOptions()
        receiving.multifdChannels = options.usesMultifd ? parameters.multifdChannels : 0
        do {
            destination = try MigrationDestination(
                listeningOn: options.uri ?? TemporarySocket.uri(), snapshot: target, qemu: receiving,
                deadlines: deadlines, logger: logger)
        } catch {
            throw .transfer(error)
        }
        state = Mutex(State())
    }

    /// How things stand.
    public var info: MigrationInfo { state.withLock { $0.info } }

    /// The manifest of what was saved, once it is.
    public var manifest: SnapshotManifest? { target.manifest }

    /// Saves the guest. To be called once.
    ///
    /// - Returns: the final report.
    /// - Throws: ``QEMUError``. There is no snapshot then, and the guest runs on.
    @discardableResult
    public func run() async throws(QEMUError) -> MigrationInfo {
        async let received: Void = receive()
        let result = await onThread(named: "mf-qmp", unstarted: QEMUError.noThread) { [self] () throws(QEMUError) in
            try drive()
        }
        destination.cancel()
        await received
        qmp.close()
        if case .failure(let error) = result {
            publish { info in
                if !info.status.isFinal || info.status == .completed { info.status = .failed }
                info.errorDescription = "\(error)"
            }
        }
        continuation.finish()
        try result.get()
        return info
    }

    /// Ends it, in whatever state it is; the guest runs on.
    public func cancel() { destination.cancel() }

    private func receive() async {
        do {
            try await destination.run()
            state.withLock { $0.isReceived = true }
        } catch {
            state.withLock { $0.failure = error }
        }
    }

    // MARK: QEMU's side, on a thread of its own

    private func drive() throws(QEMUError) {
        let status = try qmp.guestStatus()
        guard Self.savableStates.contains(status) else { throw .guestState(status) }
        if let status = try qmp.migrationStatus(), Self.isUnderWay(status) { throw .busy(status: status) }
        // One that ended may still be on its way out.
        try qmp.waitForWindingUp(within: Self.patience)
        var settings = try MigrationSettings(qmp)
        let result = Result { () throws(QEMUError) in try migrate(&settings, wasRunning: status == "running") }
        if options.afterwards == .quit, case .success = result { return try quit() }
        do {
            try settings.restore()
        } catch {
            // What went wrong before says more.
            try result.get()
            throw error
        }
        try result.get()
    }

    /// For what QEMU does without being waited for by anybody.
    private static let patience = Duration.seconds(30)

    private static let savableStates = ["running", "paused", "prelaunch", "suspended", "debug"]

    private func migrate(_ settings: inout MigrationSettings, wasRunning: Bool) throws(QEMUError) {
        let needed = options.usesMultifd ? ["multifd", "return-path"] : ["return-path"]
        for name in needed where !settings.hasCapability(name) {
            throw .noCapability(name, version: qmp.version)
        }
        var capabilities = MigrationSettings.capabilities(multifd: options.usesMultifd)
        capabilities["return-path"] = true
        capabilities["xbzrle"] = parameters.xbzrle
        capabilities["auto-converge"] = parameters.autoConverge
        try settings.set(capabilities)
        var wanted = MigrationSettings.channels(parameters)
        // Zero means no limit with us, and so does this much.
        wanted["max-bandwidth"] = .integer(parameters.maxBandwidth > 0 ? parameters.maxBandwidth : 1 << 40)
        wanted["downtime-limit"] = .integer(Int(parameters.downtimeLimit.milliseconds))
        wanted["xbzrle-cache-size"] = .integer(parameters.xbzrleCacheSize)
        try settings.set(wanted)
        try qmp.ask("migrate", ["uri": .string("\(destination.uri)")])
        do {
            try follow()
            try qmp.waitForWindingUp(within: Self.patience)
            if options.afterwards == .resume, wasRunning { try qmp.ask("cont") }
        } catch {
            rescue(wasRunning: wasRunning)
            throw error
        }
    }

    /// Watches both ends until both are done.
    private func follow() throws(QEMUError) {
        let begun = MonotonicTime.now
        var receivedAt: MonotonicTime?
        while true {
            let report = try qmp.ask("query-migrate")
            let status = report["status"]?.string ?? "none"
            publish { $0.take(report, from: self.destination.info) }
            let (isReceived, failure) = state.withLock { ($0.isReceived, $0.failure) }
            if status == "failed" || status == "cancelled" {
                // Which end met the cause is known by who has more to say.
                if let failure, !failure.isTransport { throw .transfer(failure) }
                throw .migration(reason: report["error-desc"]?.string ?? "it was \(status)")
            }
            if let failure { throw .transfer(failure) }
            if status == "setup", MonotonicTime.now.since(begun) >= Self.patience {
                throw .migration(reason: "it does not get beyond setting up: it cannot reach \(destination.uri)")
            }
            if isReceived {
                if status == "completed" { return publish { $0.status = .completed } }
                let start = receivedAt ?? .now
                receivedAt = start
                guard MonotonicTime.now.since(start) < Self.patience else {
                    throw .migration(reason: "it has been told that its guest is saved and is still '\(status)'")
                }
            }
            Patience.sleep(for: .milliseconds(50))
        }
    }

    private func quit() throws(QEMUError) {
        do {
            try qmp.ask("quit")
        } catch .qmp(.closed) {
            return  // it was quicker than its answer
        }
    }

    /// Sees to it that the guest runs on after a failure. The failure itself is what will be told.
    private func rescue(wasRunning: Bool) {
        destination.cancel()
        do {
            if let status = try qmp.migrationStatus(), Self.isUnderWay(status) { try qmp.ask("migrate_cancel") }
            let end = MonotonicTime.now + Self.patience
            while let status = try qmp.migrationStatus(), Self.isUnderWay(status), MonotonicTime.now < end {
                Patience.sleep(for: .milliseconds(50))
            }
            try qmp.waitForWindingUp(within: Self.patience)
            if wasRunning, try qmp.guestStatus() != "running" { try qmp.ask("cont") }
        } catch {
            logger.error("QEMU could not be asked to go on: \(error)")
        }
    }

    private static func isUnderWay(_ status: String) -> Bool {
        !["none", "completed", "failed", "cancelled"].contains(status)
    }

    private func publish(_ change: (inout MigrationInfo) -> Void) {
        let (before, after) = state.withLock { state in
            let before = state.info.status
            change(&state.info)
            return (before, state.info)
        }
        if before != after.status { continuation.yield(.status(after.status)) }
        continuation.yield(.progress(after))
    }
}

extension MigrationInfo {
    /// What both ends know of a migration from QEMU to here: bytes and channels from our end, what concerns the running
    /// guest from QEMU's `query-migrate`.
    fileprivate mutating func take(_ report: JSONValue, from destination: MigrationInfo) {
        let status = MigrationStatus(rawValue: report["status"]?.string ?? "") ?? status
        self = destination
        // Complete is what both ends are, or neither.
        self.status = status == .completed && destination.status != .completed ? .device : status
        let ram = report["ram"]
        self.ram.remaining = ram?["remaining"]?.integer ?? 0
        self.ram.dirtyPagesRate = ram?["dirty-pages-rate"]?.integer ?? 0
        self.ram.dirtySyncCount = ram?["dirty-sync-count"]?.integer ?? 0
        self.ram.iterationCount = max(1, self.ram.dirtySyncCount)
        cpuThrottlePercentage = report["cpu-throttle-percentage"]?.integer
        expectedDowntime = report["expected-downtime"]?.integer.map { .milliseconds($0) }
        downtime = report["downtime"]?.integer.map { .milliseconds($0) }
        setupTime = .milliseconds(report["setup-time"]?.integer ?? 0)
    }
}
