import Logging

/// Takes a guest in: the destination's side of the main channel, on a thread of its own.
final class Reception {
    private let target: any MigrationTarget
    private let foreign: (any ForeignProtocol)?
    private let acceptor: Acceptor
    private let state: DestinationState
    private let deadlines: Deadlines
    private let logger: Logger

    private var main: MainChannel?
    private var barrier: ReceiveBarrier?
    private var lastBarrier: UInt32 = 0
    private var iterations = IterationCount()
    private var closedChannels: Set<Int> = []
    private var memory: IncomingMemory?
    private var features: SessionFeatures = []
    private var deviceState: [UInt8]?
    private var isVerified = false
    /// When the source was last told that a channel is at work.
    private var toldOfWork = MonotonicTime(nanoseconds: 0)
    /// From here on this is the only guest, whatever becomes of it.
    private var isTakenOver = false
    private var isForeign = false

    init(
        target: any MigrationTarget, foreign: (any ForeignProtocol)?, acceptor: Acceptor, state: DestinationState,
        deadlines: Deadlines, logger: Logger
    ) {
        self.target = target
        self.foreign = foreign
        self.acceptor = acceptor
        self.state = state
        self.deadlines = deadlines
        self.logger = logger
    }

    /// Receives one migration. Whatever goes wrong before the handover, nothing of the guest is left when this returns.
    func run() throws(MigrationError) {
        do {
            try receive()
            end(nil)
        } catch {
            // A channel that met the cause has told it; what the main channel saw is the consequence.
            let failure = barrier?.failure ?? explain(error)
            end(failure)
            throw failure
        }
    }

    /// What a low-level error means at this point.
    private func explain(_ error: MigrationError) -> MigrationError {
        guard error.isTransport || error.isCancellation else { return error }
        if let total = deadlines.total, state.patience.isPastDeadline {
            return .timedOut(
                after: total,
                reason: main == nil && !isForeign ? "no source came" : "the guest did not arrive in that time")
        }
        if state.patience.isStopped { return .cancelled }
        if case .transport(.stalled) = error { return error }
        return main?.lastRefusal ?? error
    }

    private func receive() throws(MigrationError) {
        if let total = deadlines.total { state.patience.setDeadline(.now + total) }
        state.update { $0.status = .setup }
        switch try waitForSource() {
        case .native(let main):
            self.main = MainChannel(main.connection, patience: state.patience)
        case .foreign(let connection):
            isForeign = true
            let session = ForeignSession(acceptor: acceptor, state: state, deadlines: deadlines, logger: logger)
            try foreign?.receive(connection, session)
        }
        if let main { try receive(main) }
    }

    private func receive(_ main: MainChannel) throws(MigrationError) {
        try setUp(main)
        state.update { $0.status = .active }
        while true {
            try watch(main)
            let message = try main.receiveNext()
            // Where everything flows nobody ever waits and would notice.
            do { try state.patience.checkStop() } catch { throw .transport(error) }
            switch message {
            // An iteration may follow, and whoever watches is told of it.
            case .working: break
            case .iterationEnd(let number) where !isVerified: try passBarrier(number, main)
            case .hashAhead:
                try updateDigest(main)
                try main.send(.hashed)
            case .channelLost(let number): try closeChannel(number, main)
            case .deviceState(let bytes) where deviceState == nil: deviceState = bytes
            case .finish(let sent) where deviceState != nil && !isVerified: try verify(sent, main)
            case .handover where isVerified: return try takeOver(main)
            default: throw .unexpectedMessage(expected: "the next step of the migration", found: message.name)
            }
        }
    }

    /// Tells those who watch how things stand until the source says something: nothing, for as long as an iteration takes.
    private func watch(_ main: MainChannel) throws(MigrationError) {
        while !main.connection.isReadable(within: Patience.tick) {
            state.update { _ in }
            try wait(main)
        }
    }

    /// Called whenever the source or the channels have been waited for in vain. A disk may take long for what has come on a
    /// channel, and the source, which cannot send more on it, is to think neither it nor this end stuck.
    private func wait(_ main: MainChannel) throws(MigrationError) {
        do { try state.patience.check(peer: main.connection.peer) } catch { throw .transport(error) }
        let now = MonotonicTime.now
        let atWork = MainChannel.workInterval...MainChannel.longestWork
        guard features.contains(.workWithinIteration), now.since(toldOfWork) >= MainChannel.workInterval,
            acceptor.channels.contains(where: { atWork.contains($0.placingTime) })
        else { return }
        try main.send(.working)
        toldOfWork = now
    }

    private func end(_ failure: MigrationError?) {
        switch failure {
        case .refused?, nil: break
        // The source must not take back what is here.
        case _? where isTakenOver: break
        case let failure?: main?.refuse("\(failure)")
        }
        barrier?.closeAll()
        state.patience.stop()
        acceptor.close()
        main?.connection.shutdown()
        if failure != nil, !isTakenOver { target.abort() }
    }

    /// Runs a call into the target, which may take long, while the source is told that it goes on.
    private func asking<Value>(
        _ operation: String, _ main: MainChannel, _ body: () throws -> Value
    ) throws(MigrationError) -> Value {
        try main.whileWorking { () throws(MigrationError) in try Multifd.asking(operation, body) }
    }

    // MARK: Setting up

    private func waitForSource() throws(MigrationError) -> Acceptor.Main {
        while true {
            if let found = try acceptor.waitForMain(until: .now + Patience.tick) {
                state.patience.renew()
                return found
            }
            guard !state.patience.isStopped, !state.patience.isPastDeadline else { throw .cancelled }
        }
    }

    private func setUp(_ main: MainChannel) throws(MigrationError) {
        let proposal = try main.receive()
        guard case .setup(let setup) = proposal else {
            throw .unexpectedMessage(expected: "setup", found: proposal.name)
        }
        guard let compression = MultifdCompression(rawValue: setup.compression) else {
            throw .protocolViolation(
                .field(
                    what: "the source's proposal", field: "multifd-compression",
                    expected: MultifdCompression.allCases.map(\.rawValue).joined(separator: ", "),
                    found: "'\(setup.compression)'"),
                channel: nil, packet: nil)
        }
        let incoming = IncomingGuest(
            blocks: setup.blocks.map { RAMBlockInfo(name: $0.name, size: Int($0.byteCount)) },
            configuration: setup.guestConfiguration)
        let memory = try asking("take the guest in", main) { try target.prepare(for: incoming) }
        guard memory.blocks.map(\.byteCount) == incoming.blocks.map(\.size) else {
            throw .guest(operation: "take the guest in", reason: "its memory has other sizes than were asked for")
        }
        let received: IncomingMemory
        do {
            received = try IncomingMemory(
                memory, names: incoming.blocks.map(\.name), isVerified: setup.features.contains(.memoryDigest),
                recorder: (target as? any RecordingTarget)?.recorder)
        } catch { throw .memory(error) }
        let barrier = ReceiveBarrier(channelCount: Int(setup.channelCount))
        self.memory = received
        self.barrier = barrier
        features = setup.features.intersection(.supported)
        state.begin(setup, compression: compression, acceptor: acceptor)
        acceptor.open(
            Acceptor.Session(
                id: setup.sessionID,
                channel: ReceiveChannel.Session(
                    target: received, rules: .native(compression, deltas: features.contains(.deltas)),
                    barrier: barrier, patience: state.patience)))
        try main.send(.ready(SessionReady(features: features)))
    }

    // MARK: Iterations

    private func passBarrier(_ number: UInt32, _ main: MainChannel) throws(MigrationError) {
        guard let barrier, number == lastBarrier + 1 else {
            throw .unexpectedMessage(expected: "iterationEnd \(lastBarrier + 1)", found: "iterationEnd \(number)")
        }
        lastBarrier = number
        let begin = MonotonicTime.now
        while true {
            switch barrier.wait(for: number, until: .now + Patience.tick) {
            case .allReached:
                let iterationCount = iterations.passBarrier(
                    receivedPageCount: acceptor.channels.reduce(0) { $0 + $1.pageCount })
                state.update { $0.ram.iterationCount = iterationCount }
                do { try memory?.recorder?.endPart(startsIteration: false, endsIteration: true) } catch {
                    throw .memory(error)
                }
                // The channels are let go first: what they receive next is the next iteration in any case.
                barrier.open(number)
                return try main.send(.barrierReached(barrier: number))
            case .lost(let channel):
                logger.warning("channel \(channel) is lost")
                try main.send(.channelLost(UInt8(channel)))
                let answer = try main.receive()
                guard case .channelLost(let lost) = answer, lost == channel else {
                    throw .unexpectedMessage(expected: "channelLost \(channel)", found: answer.name)
                }
                try closeChannel(lost, main)
            case .failed(let error):
                throw error
            case nil:
                try wait(main)
                loseSilentChannel(barrier, number, since: begin)
            }
        }
    }

    /// The source has sent all of the iteration. What a channel holds back for long, or one that has not come, is behind a
    /// connection that is dead without an end: the source sends it again on the others.
    ///
    /// One at a time: that the source answers shows that it is not the source that stands still.
    private func loseSilentChannel(_ barrier: ReceiveBarrier, _ number: UInt32, since begin: MonotonicTime) {
        let channels = acceptor.channels
        let silent = barrier.channelsMissing(at: number).first { missing in
            let channel = channels.first { $0.number == missing }
            let silence = channel?.silence(since: begin) ?? MonotonicTime.now.since(begin)
            return silence >= state.patience.silenceLimit
        }
        if let silent { barrier.lose(channel: silent) }
    }

    private func closeChannel(_ number: UInt8, _ main: MainChannel) throws(MigrationError) {
        // The barrier first: the channel's thread, which is waited for then, may be waiting there.
        guard let barrier, barrier.close(channel: Int(number)) else {
            throw .unexpectedMessage(expected: "the loss of an open channel", found: "channelLost \(number)")
        }
        acceptor.close(channel: Int(number))
        closedChannels.insert(Int(number))
        try main.send(.channelClosed(number))
    }

    // MARK: Commit

    private func verify(_ sent: SessionTotals, _ main: MainChannel) throws(MigrationError) {
        state.update { $0.status = .device }
        barrier?.passLast()
        let channels = acceptor.channels.filter { !closedChannels.contains($0.number) }
        if let late = channels.first(where: \.hasPagesSinceBarrier) {
            throw .protocolViolation(.pagesAfterLastBarrier, channel: late.number, packet: nil)
        }
        let received = channels.map(\.totals).reduce(SessionTotals(), +)
        guard received == sent else {
            throw .totalsMismatch(sent: sent.packets, received: received.packets)
        }
        try updateDigest(main)
        try asking("load the device state", main) { try target.load(deviceState: deviceState ?? []) }
        try main.send(.verified(memoryDigest: memory?.digest?.value ?? 0))
        isVerified = true
        state.update { $0.verified = true }
    }

    /// Hashes what was touched since it was hashed last, if memory is to be verified.
    private func updateDigest(_ main: MainChannel) throws(MigrationError) {
        guard let memory, let digest = memory.digest else { return }
        try main.whileWorking { () throws(MigrationError) in
            do throws(MemoryError) { try digest.update(content: memory.content) } catch { throw .memory(error) }
        }
    }

    private func takeOver(_ main: MainChannel) throws(MigrationError) {
        // Now or never: a guest that has been given away must not be dropped because time is up.
        state.patience.setDeadline(nil)
        try asking("commit the guest", main) { try target.commit() }
        isTakenOver = true
        // The source let go of the guest by its handover, and only a refusal gives it back. Whether it still hears this
        // or not, the guest is nowhere else.
        do { try main.send(.running) } catch {
            logger.warning("the source may not know that its guest is here: \(error)")
        }
        try Multifd.asking("run the guest") { try target.run() }
    }
}
