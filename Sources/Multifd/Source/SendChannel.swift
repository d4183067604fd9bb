import Synchronization
import SystemPackage

/// One of the source's channels: a thread that takes batches from the queue, encodes them and sends them.
final class SendChannel: Sendable {
    let number: Int
    let path: MigrationPath
    let counters = ChannelCounters()

    private let connection = Mutex<Connection?>(nil)
    private let thread = Mutex<WorkerThread?>(nil)
    private let unconfirmed: UnconfirmedPages
    /// What was sent up to the last barrier.
    private let confirmedTotals = Mutex(SessionTotals())

    /// The pages that were sent since the last barrier: when the channel is lost, others send them again.
    // Touched by the channel's thread, and by the coordinator once it has joined that thread.
    private final class UnconfirmedPages: @unchecked Sendable {
        var bitmap: MigrationBitmap
        init(of memory: GuestMemory) { bitmap = MigrationBitmap(of: memory) }
    }

    /// For so long a channel may take pages that the destination need not be told of before it sends a packet without any.
    private static let longestSilence = Duration.seconds(1)

    init(number: Int, path: MigrationPath, memory: GuestMemory) {
        self.number = number
        self.path = path
        unconfirmed = UnconfirmedPages(of: memory)
    }

    /// What the channels of a migration have in common.
    struct Session: Sendable {
        var id: SessionID
        var memory: GuestMemory
        var settings: PacketEncoder.Settings
        var queue: BatchQueue
        var gate: BarrierGate
        var limiter: BandwidthLimiter
        var patience: Patience
        var connectDeadline: Duration
    }

    /// Connects and starts to send, on a thread of its own. A failure shows at the gate.
    func start(_ session: Session) {
        do throws(Errno) {
            let started = try WorkerThread(named: "mf-send-\(number)") { [self] in
                do throws(MigrationError) {
                    try run(session)
                } catch {
                    session.gate.lose(channel: number, error)
                }
            }
            thread.withLock { $0 = started }
        } catch {
            session.gate.lose(channel: number, .noThread(error))
        }
    }

    /// Breaks the connection: the thread ends at its next call.
    func shutdown() { connection.withLock { $0?.shutdown() } }

    /// For how long it has not been able to send a single byte.
    var silence: Duration { connection.withLock { $0?.silence ?? .zero } }

    /// Waits for the thread's end. Break the connection or close the queue and the gate first.
    func join() { thread.withLock { $0.take() }?.join() }

    /// What was sent up to the last barrier. Once every channel has arrived there, this does not change.
    var totals: SessionTotals { confirmedTotals.withLock { $0 } }

    /// Joins a lost channel and marks what it sent since the last barrier. Nobody knows which of it the destination has:
    /// it goes again in full.
    func joinAndReturnPages(to bitmap: inout MigrationBitmap, forgettingThemIn cache: XBZRLECache?) {
        shutdown()
        join()
        if let cache { unconfirmed.bitmap.forEachPage { page, block in cache.forget(page: page, inBlock: block) } }
        bitmap.formUnion(unconfirmed.bitmap)
    }

    var info: ChannelInfo { counters.info(channel: number, address: "\(path.destination)") }

    /// What the channel's thread works with.
    private struct Sending {
        let session: Session
        let connection: Connection
        let encoder: PacketEncoder
        var totals = SessionTotals()
        var lastSent = MonotonicTime.now
    }

    private func run(_ session: Session) throws(MigrationError) {
        let connection = try connect(session)
        session.gate.join(channel: number)
        var sending = Sending(
            session: session, connection: connection,
            encoder: try PacketEncoder(
                memory: session.memory, settings: session.settings, channel: number, limiter: session.limiter))
        var batch = Batch()
        while true {
            let idle = MonotonicTime.now
            guard session.queue.pop(into: &batch) else { return }
            let start = MonotonicTime.now
            counters.waitingTime.add(from: idle, to: start)
            switch batch.kind {
            case .pages: try sendPages(of: batch, since: start, &sending)
            case .barrier(let barrier): guard try sendBarrier(barrier, since: start, &sending) else { return }
            }
        }
    }

    /// Sends a batch, unless the destination has all of its pages as they are.
    private func sendPages(
        of batch: borrowing Batch, since start: MonotonicTime, _ sending: inout Sending
    ) throws(MigrationError) {
        let (encoder, block) = (sending.encoder, batch.block)
        batch.forEachRun { unconfirmed.bitmap.mark($0, inBlock: block) }
        let hasPages: Bool
        do {
            hasPages = try encoder.encode(batch, omitsZeroPages: batch.isFirst)
        } catch .memory(let error) {
            throw .memory(error)
        } catch {
            throw .codec(description: "\(error)", channel: number, packet: encoder.header.number)
        }
        counters.deltas.set(encoder.deltaCounters)
        counters.duplicate.add(encoder.omittedZeroPageCount)
        if !hasPages {
            // Now and then a packet goes out all the same: the destination must not think us stuck.
            guard start.since(sending.lastSent) >= Self.longestSilence else {
                return counters.encodingTime.add(from: start, to: .now)
            }
            encoder.encodeNothing()
        }
        try transmit(encodedSince: start, &sending)
    }

    /// Tells the destination that an iteration is over, and waits until all channels have.
    ///
    /// - Returns: whether there is more to come.
    private func sendBarrier(
        _ barrier: UInt32, since start: MonotonicTime, _ sending: inout Sending
    ) throws(MigrationError) -> Bool {
        let gate = sending.session.gate
        // Left over from a channel that was lost before it could take it.
        if gate.isPassed(barrier) { return true }
        sending.encoder.encodeBarrier()
        try transmit(encodedSince: start, &sending)
        confirmedTotals.withLock { $0 = sending.totals }
        let idle = MonotonicTime.now
        guard gate.arrive(channel: number, at: barrier) else { return false }
        counters.waitingTime.add(from: idle, to: .now)
        unconfirmed.bitmap.removeAll()
        return true
    }

    /// Sends the packet that was encoded, and counts it.
    private func transmit(encodedSince start: MonotonicTime, _ sending: inout Sending) throws(MigrationError) {
        let (encoder, connection) = (sending.encoder, sending.connection)
        let (limiter, patience) = (sending.session.limiter, sending.session.patience)
        let encoded = MonotonicTime.now
        counters.encodingTime.add(from: start, to: encoded)
        let byteCount = encoder.gather.byteCount
        do {
            try encoder.send { list throws(TransportError) in
                try connection.send(&list, limiter: limiter, patience: patience)
            }
        } catch {
            throw .transport(error)
        }
        sending.lastSent = .now
        counters.writingTime.add(from: encoded, to: sending.lastSent)
        let pageCount = encoder.header.normalPageCount + encoder.header.deltaPageCount
        counters.add(encoder.header, bytesIn: pageCount << Page.shift, bytesOut: byteCount)
        encoder.record(sending: sending.lastSent.since(encoded), through: connection, in: counters.codecs)
        sending.totals.add(encoder.header)
    }

    private func connect(_ session: Session) throws(MigrationError) -> Connection {
        do {
            let made = try Connection.connect(
                to: path, deadline: session.connectDeadline, patience: session.patience)
            connection.withLock { $0 = made }
            let hello = ChannelHello(sessionID: session.id, channel: UInt8(number))
            try made.send(hello.encoded, patience: session.patience)
            return made
        } catch {
            throw .transport(error)
        }
    }
}
