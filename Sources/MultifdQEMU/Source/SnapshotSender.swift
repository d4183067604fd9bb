import Logging
import Multifd

/// Puts a snapshot into a QEMU that waits with `-incoming`: drives the main connection, and the channels beside it.
///
/// ```
/// header, configuration; channels connect
/// OPEN_RETURN_PATH, PING 1                                   ◀─ PONG 1: all connections are there
/// [early sections] START("ram"): list of RAMBlocks
/// PING 2                                                     ◀─ PONG 2, by section after a SYNC on each channel
/// [early sections] PART: pages, barrier   END: barrier
/// PING 3                                                     ◀─ PONG 3: the last barrier is passed
///                                                               by now all RAM is found to be what was stored
/// device state                                               ◀─ SHUT: loaded, or not
/// ```
/// A wrong mode of barriers makes the destination hang or start without its memory, and neither the machine type nor the
/// snapshot knows the destination's for sure. So PING 2 finds it out before a page is sent: a destination that waits at the
/// end of START for a SYNC of its channels does not answer. One that is slow does not, either: so the machine type's
/// version must agree, and if it says nothing the wait is long.
final class SnapshotSender {
    private let snapshot: Snapshot
    private let machine: SnapshotMachine
    private let options: QEMUSendOptions
    private let main: StreamConnection
    private let channels: ForeignChannels
    private let deadlines: Deadlines
    private let logger: Logger
    private let publish: (MigrationInfo) -> Void
    private let pages: SnapshotPages
    private var info: MigrationInfo
    /// What the guest's source never sent, and is not sent here.
    private let unsentByteCount: Int
    private let startedAt = MonotonicTime.now
    private var published = MonotonicTime.now
    private var pingCount: UInt32 = 0
    /// Nil without channels, or when it is not known yet.
    private var syncMode: QEMUSendOptions.SyncMode?

    /// What has not come by then has a reason to wait: the one that its machine type's version gives, too.
    private static let shortestProbe = Duration.seconds(2)
    /// When there is no such second witness.
    private static let longProbe = Duration.seconds(10)

    init(
        _ snapshot: Snapshot, _ machine: SnapshotMachine, options: QEMUSendOptions, main: StreamConnection,
        channels: ForeignChannels, info: MigrationInfo, deadlines: Deadlines, logger: Logger,
        publish: @escaping (MigrationInfo) -> Void
    ) throws(MigrationError) {
        self.snapshot = snapshot
        self.machine = machine
        self.options = options
        self.main = main
        self.channels = channels
        self.info = info
        unsentByteCount = snapshot.manifest.ramBlocks.reduce(0) { $0 + $1.neverSentCount << Page.shift }
        self.deadlines = deadlines
        self.logger = logger
        self.publish = publish
        do { pages = try SnapshotPages(snapshot) } catch { throw .memory(error) }
    }

    /// Sends the guest, and returns when QEMU has said that it is loaded.
    func run() throws(MigrationError) {
        // Beside sending: it reads what is read anyway, and without the device state QEMU cannot start its guest.
        let verification: SnapshotVerification?
        do {
            verification = options.isVerified ? nil : try SnapshotVerification(of: snapshot)
        } catch {
            throw .noThread(error)
        }
        defer {
            channels.close()
            verification?.stop()
        }
        try connect()
        try startRAM()
        try sendPages()
        try endRAM()
        if let verification { try finish(verification) }
        try sendDeviceState()
    }

    // MARK: Steps

    private func connect() throws(MigrationError) {
        var stream = StreamWriter()
        stream.begin(configuration: try content(machine.configurationSection))
        // At once: a QEMU that expects channels does nothing else until it has seen which connection this is.
        try main.send(stream)
        try channels.start()
        stream = StreamWriter()
        stream.openReturnPath()
        try main.send(stream)
    }

    private func startRAM() throws(MigrationError) {
        guard let roundTrip = try ping(within: deadlines.handshake) else {
            throw .foreign(QEMUSendError.noAnswer(channels: channels.count))
        }
        try sendEarlySections(isAfterRAMStart: false)
        var stream = StreamWriter()
        stream.startRAM(id: machine.ramSectionID, snapshot.manifest.ramBlocks)
        stream.endSection(id: machine.ramSectionID)
        try main.send(stream)
        if channels.count == 0 {
            guard try ping(within: deadlines.stall) != nil else { throw .foreign(QEMUSendError.stuckAtBlocks) }
        } else {
            let mode = try findSyncMode(roundTrip)
            logger.info("channels meet by \(mode)")
            syncMode = mode
        }
        try sendEarlySections(isAfterRAMStart: true)
    }

    private func findSyncMode(_ roundTrip: Duration) throws(MigrationError) -> QEMUSendOptions.SyncMode {
        if let version = options.destinationVersion, version < .firstWithRounds {
            try release()
            guard try ping(within: deadlines.stall) != nil else { throw .foreign(QEMUSendError.stuckAtBlocks) }
            return .section
        }
        let expected = options.syncMode ?? machine.expectedSyncMode
        let time =
            switch expected {
            case .round: deadlines.stall
            case .section: max(Self.shortestProbe, roundTrip * 20)
            case nil: max(Self.longProbe, roundTrip * 20)
            }
        if try ping(within: time) != nil {
            // Whatever was expected, it did not wait. Only who asked for something else is told.
            guard options.syncMode != .section else { throw .foreign(QEMUSendError.meetsByRound) }
            return .round
        }
        guard expected != .round else { throw .foreign(QEMUSendError.notByRound) }
        try release()
        guard try awaitPong(pingCount, within: deadlines.stall) else {
            throw .foreign(QEMUSendError.stuckAtBlocks)
        }
        return .section
    }

    /// Lets a destination go on whose channels meet by section, and which waits for that.
    private func release() throws(MigrationError) {
        try channels.reachBarrier()
        channels.goOn()
    }

    private func sendPages() throws(MigrationError) {
        info.status = .active
        info.ram.iterationCount = 1
        var stream = StreamWriter()
        stream.begin(.part, id: machine.ramSectionID)
        try main.send(stream)
        for block in snapshot.manifest.ramBlocks.indices {
            try pages.forEachPiece(ofBlock: block) { kind, run throws(MigrationError) in
                switch kind {
                case .zero:
                    try pages.sendZero(run, ofBlock: block, to: main)
                    info.ram.duplicate += run.count
                case .normal where channels.count > 0:
                    try channels.send(run, ofBlock: block)
                    info.ram.normal += run.count
                case .normal:
                    try pages.send(run, ofBlock: block, to: main)
                    info.ram.normal += run.count
                }
                try publishIfDue()
            }
        }
        try pages.flush(to: main)
        try endSection()
    }

    private func endRAM() throws(MigrationError) {
        var stream = StreamWriter()
        stream.begin(.end, id: machine.ramSectionID)
        try main.send(stream)
        try endSection()
        guard try ping(within: deadlines.stall) != nil else {
            throw .foreign(QEMUSendError.stuckAtEnd(channels.count > 0 ? info.parameters?.multifdCompression : nil))
        }
    }

    private func finish(_ verification: SnapshotVerification) throws(MigrationError) {
        while true {
            do throws(SnapshotError) {
                if try verification.wait(until: .now + Patience.tick) { return }
            } catch {
                throw .guest(operation: "send the guest", reason: "\(error)")
            }
            // QEMU waits for us, and nothing moves on any connection.
            main.patience.renew()
            try publishIfDue()
        }
    }

    private func sendDeviceState() throws(MigrationError) {
        info.status = .device
        report()
        var stream = StreamWriter()
        stream.append(try content(snapshot.manifest.deviceState))
        try main.send(stream)
        let end = MonotonicTime.now + deadlines.stall
        while let message = try nextWord(until: end) {
            guard case .shut(let code) = message else { continue }
            guard code == 0 else { throw .foreign(QEMUSendError.notLoaded) }
            info.verified = true
            info.status = .completed
            return report()
        }
        throw .foreign(QEMUSendError.unconfirmed)
    }

    /// QEMU's next message, once it has all of its guest: it may run it whatever becomes of us, and a cancel does not undo
    /// that.
    private func nextWord(until end: MonotonicTime) throws(MigrationError) -> ReturnPath? {
        do {
            return try main.nextMessage(until: end)
        } catch {
            throw error.isCancellation ? .foreign(QEMUSendError.unconfirmed) : error
        }
    }

    // MARK: Barriers

    /// Ends a RAM section with the barrier that the destination's channels expect there.
    private func endSection() throws(MigrationError) {
        var stream = StreamWriter()
        if syncMode != nil { try channels.reachBarrier() }
        if syncMode == .round { stream.barrier() }
        stream.endSection(id: machine.ramSectionID)
        // Right behind the SYNCs: the destination's channels read no further until it has met this.
        try main.send(stream)
        if syncMode != nil { channels.goOn() }
        report()
    }

    // MARK: Words

    /// Sends a PING. Returns how long its answer took, nil when none came.
    private func ping(within time: Duration) throws(MigrationError) -> Duration? {
        pingCount += 1
        var stream = StreamWriter()
        stream.ping(pingCount)
        let sent = MonotonicTime.now
        try main.send(stream)
        return try awaitPong(pingCount, within: time) ? MonotonicTime.now.since(sent) : nil
    }

    private func awaitPong(_ value: UInt32, within time: Duration) throws(MigrationError) -> Bool {
        let end = MonotonicTime.now + time
        while let message = try main.nextMessage(until: end) {
            switch message {
            case .pong(value): return true
            case .pong, .switchoverAcknowledgement: continue
            case .shut: throw .foreign(QEMUSendError.refused)
            }
        }
        return false
    }

    private func sendEarlySections(isAfterRAMStart: Bool) throws(MigrationError) {
        for section in machine.earlySections where section.isAfterRAMStart == isAfterRAMStart {
            var stream = StreamWriter()
            stream.append(try content(section.content))
            try main.send(stream)
        }
    }

    private func content(_ file: SnapshotFile) throws(MigrationError) -> [UInt8] {
        do {
            return try snapshot.content(of: file)
        } catch {
            throw .guest(operation: "send the guest", reason: "\(error)")
        }
    }

    // MARK: Report

    private func publishIfDue() throws(MigrationError) {
        guard MonotonicTime.now.since(published) >= Patience.tick else { return }
        do { try main.patience.check(peer: info.uri ?? "") } catch { throw .transport(error) }
        report()
    }

    private func report() {
        published = .now
        let channelInfo = channels.info
        info.channels = channelInfo
        info.totalTime = MonotonicTime.now.since(startedAt)
        info.ram.normalBytes = info.ram.normal << Page.shift
        info.ram.multifdBytes = channelInfo.reduce(0) { $0 + $1.bytesOut }
        info.ram.transferred = main.sentByteCount + info.ram.multifdBytes
        let sent = (info.ram.normal + info.ram.duplicate) << Page.shift
        info.ram.remaining = max(0, info.ram.total - unsentByteCount - sent)
        let seconds = max(info.totalTime.seconds, 1e-6)
        info.ram.mbps = Double(info.ram.transferred) * 8 / 1e6 / seconds
        info.ram.pagesPerSecond = Int(Double(info.ram.normal + info.ram.duplicate) / seconds)
        publish(info)
    }
}
