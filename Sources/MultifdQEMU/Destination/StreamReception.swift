import Logging
import Multifd

/// Takes a guest of QEMU in: reads the main connection, and has the channels meet at its barriers.
///
/// Nothing but SHUT tells the source of success, and as long as it is not sent the guest belongs to the source. So it is
/// sent when the snapshot is on the disk under its name and not before, except to a source that keeps its guest in any
/// case and has it paused meanwhile: see ``QEMUReceiveOptions/answersBeforeStoring``.
final class StreamReception {
    let connection: Connection
    let session: ForeignSession
    let options: QEMUReceiveOptions
    private let target: SnapshotTarget
    private let input: StreamInput
    private(set) var decoder = StreamDecoder()
    let counters = ChannelCounters()
    private var prepared: Intake?
    var machine = MachineState()
    /// Barriers passed.
    var barrierCount: UInt32 = 0
    /// The last page that came on the main connection.
    var lastPage: StreamPage?
    /// Sections in a row that brought no page, and how many pages there were by then.
    var emptySections = (count: 0, pageCount: 0)
    private var published = MonotonicTime.now
    private var isComplete = false
    /// Whether the source has heard of success.
    private var isAnswered = false

    /// How long channels may be on their way when a source that has not passed a barrier is left.
    private static let connectingTime = Duration.milliseconds(50)
    /// How long to wait for more of a device state before its end is looked for again.
    private static let silence = Duration.milliseconds(5)
    /// After which one that only looks complete is looked into, to be refused. QEMU sends all of it in one go.
    private static let middleSilence = Duration.milliseconds(250)
    /// And one without a description, whose end is less certain.
    private static let longSilence = Duration.seconds(2)

    init(
        _ connection: Connection, _ session: ForeignSession, _ target: SnapshotTarget, _ options: QEMUReceiveOptions
    ) throws(MigrationError) {
        self.connection = connection
        self.session = session
        self.target = target
        self.options = options
        do {
            input = try StreamInput(connection, patience: session.patience)
        } catch {
            throw .memory(error)
        }
    }

    func run() throws(MigrationError) {
        do {
            try receiveRAM()
            try receiveDeviceState()
            try commit()
            end(isComplete: true)
        } catch {
            // A channel that met the cause has told it; what the main connection saw is the consequence.
            let failure = prepared?.barrier.failure ?? error
            if machine.hasReturnPath, !isAnswered { tell(.shut(code: 1)) }
            end(isComplete: false)
            throw failure
        }
    }

    private func end(isComplete: Bool) {
        prepared?.barrier.closeAll()
        connection.shutdown()
        if !isComplete { session.leaveChannels(after: barrierCount == 0 ? Self.connectingTime : .zero) }
        session.closeChannels()
    }

    // MARK: RAM

    /// There from the list of RAMBlocks on, before which the decoder lets nothing come that asks for it.
    var intake: Intake {
        get throws(MigrationError) {
            guard let prepared else {
                throw .foreign(
                    StreamError.unexpected(
                        what: "RAM", expected: "the list of RAMBlocks", found: "a page or a barrier"))
            }
            return prepared
        }
    }

    private func receiveRAM() throws(MigrationError) {
        while !isComplete {
            guard let record = try nextRecord() else {
                guard try fill() else { throw .foreign(StreamError.truncated(where: decoder.place)) }
                try publishIfDue()
                continue
            }
            try handle(record)
        }
    }

    private func publishIfDue() throws(MigrationError) {
        guard MonotonicTime.now.since(published) >= Patience.tick else { return }
        published = .now
        session.update { _ in }
        // Where everything flows nobody ever waits and would notice.
        do { try session.patience.checkStop() } catch { throw .transport(error) }
    }

    private func nextRecord() throws(MigrationError) -> StreamRecord? {
        do {
            return try input.take { bytes throws(StreamError) in try decoder.next(in: bytes) }
        } catch {
            throw .foreign(error)
        }
    }

    /// Returns false at the end of the stream.
    private func fill() throws(MigrationError) -> Bool {
        while true {
            guard let count = try receive(within: Patience.tick) else { continue }
            return count > 0
        }
    }

    private func receive(within time: Duration) throws(MigrationError) -> Int? {
        do {
            let count = try input.receive(within: time)
            counters.bytesIn.add(count ?? 0)
            return count
        } catch {
            throw .transport(error)
        }
    }

    private func handle(_ record: StreamRecord) throws(MigrationError) {
        switch record {
        case .configuration(let configuration): machine.configuration = configuration
        case .command(let command): try obey(command)
        case .earlySection(let range, let isAfterRAMStart):
            machine.earlySections.append(
                MachineState.EarlySection(bytes: input.taken(range), isAfterRAMStart: isAfterRAMStart))
        case .blocks(let blocks, let sectionID): try prepare(blocks, sectionID)
        case .zeroPage(let page):
            try noteRound(of: page)
            try intake.pages.clear(page)
            counters.duplicate.add(1)
        case .page(let page, let offset):
            try noteRound(of: page)
            try intake.pages.write(page, from: input, at: offset)
            counters.normal.add(1)
        case .delta(let page, let range):
            try noteRound(of: page)
            try intake.pages.apply(input, range, to: page)
            counters.delta.add(1)
        case .barrier: try passRoundBarrier()
        case .sectionEnd(let section): try endSection(section)
        case .ramComplete:
            try intake.barrier.passLast()
            guard !session.channels.contains(where: \.hasPagesSinceBarrier) else {
                throw .foreign(StreamError.latePages)
            }
            isComplete = true
            session.update { $0.status = .device }
        case .deviceState: break  // comes after RAM
        }
    }

    private func obey(_ command: StreamCommand) throws(MigrationError) {
        switch command {
        case .openReturnPath:
            machine.hasReturnPath = true
            guard acknowledgesSwitchover else { return }
            try send(.switchoverAcknowledgement)
        case .ping(let value): try send(.pong(value))
        case .switchoverStart: machine.hints.append("it announces the switchover: a machine type of QEMU 10.0 or later")
        }
    }

    /// Whether the source is told that it may switch over: if its version has the capability switchover-ack, with which it would
    /// wait for this word for ever. With the capability off it takes no notice of it; one that has never heard of it fails.
    var acknowledgesSwitchover: Bool {
        if options.acknowledgesSwitchover { return true }
        guard let version = QEMUVersion(ofMachine: machine.configuration.machine) else { return false }
        return version >= .firstWithSwitchoverAcknowledgement
    }

    private func prepare(_ blocks: [StreamBlock], _ sectionID: UInt32) throws(MigrationError) {
        machine.blocks = blocks
        machine.ramSectionID = sectionID
        if !machine.hasReturnPath {
            session.logger.warning(
                "the source's capability return-path is off: it will not hear of it if its guest cannot be stored")
        }
        let incoming = IncomingGuest(
            blocks: blocks.map { RAMBlockInfo(name: $0.name, size: $0.byteCount) }, configuration: "")
        let guest: GuestMemory
        do {
            guest = try target.prepare(for: incoming)
        } catch {
            throw .guest(operation: "store the guest", reason: "\(error)")
        }
        let intake: Intake
        do {
            intake = try Intake(
                guest, blocks, channelCount: options.multifdChannels, recorder: target.recorder)
        } catch {
            throw .memory(error)
        }
        prepared = intake
        session.open(intake.memory, barrier: intake.barrier, mainCounters: counters)
        session.update { $0.status = .active }
    }

    // MARK: Device state

    /// Receives what follows RAM, to its end: that of the stream, or, where the source waits for an answer, the end that
    /// the bytes show.
    private func receiveDeviceState() throws(MigrationError) {
        var lastByte = MonotonicTime.now
        var wait = Duration.zero
        while true {
            while case .deviceState(let range) = try nextRecord() {
                machine.deviceState += input.taken(range)
                guard machine.deviceState.count <= DeviceStateTail.maximumByteCount else {
                    throw .foreign(StreamError.deviceStateSize(maximum: DeviceStateTail.maximumByteCount))
                }
                lastByte = .now
            }
            let received = try receive(within: wait)
            if received == 0 { break }
            wait = received == nil ? Self.silence : .zero
            guard received == nil, machine.hasReturnPath else { continue }
            let quiet = MonotonicTime.now.since(lastByte)
            // Nothing can follow a description whose sections are what has come, byte for byte.
            if let tail = DeviceStateTail(of: machine.deviceState) {
                do {
                    return try accept(tail)
                } catch {
                    guard quiet < Self.middleSilence else { throw error }
                    continue
                }
            }
            if quiet >= Self.longSilence, DeviceStateTail(withoutDescription: machine.deviceState) != nil {
                throw .foreign(StreamError.noDescription)
            }
        }
        let bytes = machine.deviceState
        guard let tail = DeviceStateTail(of: bytes) ?? DeviceStateTail(withoutDescription: bytes) else {
            throw .foreign(StreamError.truncated(where: "in the device state"))
        }
        try accept(tail)
    }

    private func accept(_ tail: DeviceStateTail) throws(MigrationError) {
        let description: VMDescription
        do {
            guard let found = try tail.description else { return }
            description = found
            machine.deviceSections = try description.sections(
                of: machine.earlySections.flatMap(\.bytes) + machine.deviceState[..<tail.endMark])
        } catch {
            throw .foreign(error)
        }
        if description.describesConfiguration {
            machine.hints.append("its VM description covers the configuration: QEMU later than 7.2")
        }
    }

    // MARK: Commit

    private func commit() throws(MigrationError) {
        session.update { $0.verified = true }
        // What has all come is stored, however long that takes.
        session.patience.setDeadline(nil)
        machine.neverSent = try intake.memory.neverSent
        machine.sessionID = session.id
        machine.channelCount = session.channels.count
        machine.compression = session.channels.lazy.compactMap(\.compression).first ?? .none
        target.load(machine)
        if options.answersBeforeStoring {
            try answer()
            try store()
        } else {
            try store()
            try answer()
        }
        if isAnswered { waitForClose() }
    }

    private func store() throws(MigrationError) {
        do {
            try target.commit()
        } catch {
            throw .guest(operation: "store the guest", reason: "\(error)")
        }
    }

    private func answer() throws(MigrationError) {
        guard machine.hasReturnPath else { return }
        // A source that was cancelled while its guest was stored has kept it, and its socket may take a word all the same.
        guard try receive(within: .zero) == nil else {
            throw .foreign(StreamError.sourceGone)
        }
        try send(.shut(code: 0))
        isAnswered = true
    }

    /// The source closes when it has read our word. Waiting for that is a courtesy, and nothing can fail any more: it has
    /// given its guest away, and the snapshot is all there is of it.
    private func waitForClose() {
        let end = MonotonicTime.now + .seconds(1)
        while MonotonicTime.now < end {
            do {
                guard try receive(within: Patience.tick) == nil else { return }
            } catch {
                return
            }
        }
    }

    private func send(_ message: ReturnPath) throws(MigrationError) {
        do {
            try connection.send(message.bytes, patience: session.patience)
        } catch .closed {
            throw .foreign(isComplete ? StreamError.sourceGone : .truncated(where: decoder.place))
        } catch {
            throw .transport(error)
        }
    }

    /// Says something if the source still listens: within a second or not at all.
    private func tell(_ message: ReturnPath) {
        try? connection.send(message.bytes, patience: Patience(limit: .seconds(1)))
    }
}
