import Synchronization

/// One of the destination's channels: receives packets, checks them and puts their pages in place. It runs on the thread
/// that accepted its connection.
package final class ReceiveChannel: Sendable {
    package let number: Int
    let counters = ChannelCounters()
    private let connection: Connection
    private let confirmedTotals = Mutex(SessionTotals())
    private let codec = Mutex<MultifdCompression?>(nil)
    /// From before the last barrier is looked for until the pages are counted, so that whoever has passed it sees one or the
    /// other.
    private let isReceivingPages = Atomic(false)
    /// Since when the packet that has come is being put in its place, on the monotonic clock; 0 while none is.
    private let placingSince = Atomic<UInt64>(0)

    /// What the channels of a session have in common.
    struct Session: Sendable {
        var target: IncomingMemory
        var rules: PacketRules
        var barrier: ReceiveBarrier
        var patience: Patience
    }

    init(number: Int, connection: Connection) {
        self.number = number
        self.connection = connection
    }

    /// What was received up to the last barrier.
    var totals: SessionTotals { confirmedTotals.withLock { $0 } }

    /// Pages that have come, of all kinds.
    package var pageCount: Int { counters.pages }

    /// Whether pages have come since its last SYNC, or are coming.
    package var hasPagesSinceBarrier: Bool {
        guard !isReceivingPages.load(ordering: .sequentiallyConsistent) else { return true }
        let confirmed = totals
        return counters.pages > Int(confirmed.normalPages + confirmed.zeroPages + confirmed.deltaPages)
    }

    /// The codec of its packets, nil before the first payload.
    package var compression: MultifdCompression? { codec.withLock { $0 } }

    var info: ChannelInfo { counters.info(channel: number, address: connection.peer) }

    /// For how long it has waited for a single byte, others for it since `begin`.
    func silence(since begin: MonotonicTime) -> Duration { connection.silence(since: begin) }

    /// For how long it has been putting one packet in its place: with a slow disk a channel takes nothing from its connection
    /// meanwhile.
    var placingTime: Duration {
        let since = placingSince.load(ordering: .relaxed)
        return since == 0 ? .zero : MonotonicTime.now.since(MonotonicTime(nanoseconds: since))
    }

    /// Breaks the connection: the thread ends at its next call.
    func shutdown() { connection.shutdown() }

    /// Receives until the connection or the session ends. A broken connection loses the channel; anything else that is
    /// wrong fails the session.
    func run(_ session: Session) {
        do throws(MigrationError) {
            let decoder = try PacketDecoder(target: session.target, rules: session.rules, channel: number)
            try receive(session, decoder)
            session.barrier.lose(channel: number)
        } catch {
            guard !error.isTransport else { return session.barrier.lose(channel: number) }
            session.barrier.fail(error)
            session.patience.stop()
        }
    }

    private func receive(_ session: Session, _ decoder: PacketDecoder) throws(MigrationError) {
        var totals = SessionTotals()
        while true {
            let start = MonotonicTime.now
            guard unsafe try fill(decoder.headerBuffer, session) else { return }
            let headed = MonotonicTime.now
            try checked(decoder) { () throws(WireError) in
                try decoder.decodeHeader()
                isReceivingPages.store(decoder.header.pageCount > 0, ordering: .sequentiallyConsistent)
                guard decoder.header.pageCount == 0 || !session.barrier.isLastPassed else {
                    throw .pagesAfterLastBarrier
                }
            }
            if decoder.header.hasPayload, unsafe try !fill(decoder.payloadBuffer, session) {
                throw .transport(.closed(peer: connection.peer))
            }
            let received = MonotonicTime.now
            try checked(decoder) { () throws(WireError) in try decoder.verify() }
            do {
                placingSince.store(received.nanoseconds, ordering: .relaxed)
                defer { placingSince.store(0, ordering: .relaxed) }
                try decoder.place()
            } catch .memory(let error) {
                throw .memory(error)
            } catch {
                throw .codec(description: "\(error)", channel: number, packet: decoder.header.number)
            }
            if decoder.header.hasPayload, totals.normalPages == 0 {
                codec.withLock { $0 = decoder.compression }
            }
            totals.add(decoder.header)
            count(decoder.header, start, headed, received)
            isReceivingPages.store(false, ordering: .sequentiallyConsistent)
            if decoder.header.isSync {
                confirmedTotals.withLock { $0 = totals }
                let idle = MonotonicTime.now
                guard session.barrier.arrive(channel: number) else { return }
                counters.waitingTime.add(from: idle, to: .now)
            }
        }
    }

    /// Fills a buffer. Returns false when the connection was closed before its first byte.
    private func fill(
        _ buffer: UnsafeMutableRawBufferPointer, _ session: Session
    ) throws(MigrationError) -> Bool {
        do {
            return unsafe try connection.receive(into: buffer, patience: session.patience)
        } catch {
            throw .transport(error)
        }
    }

    private func checked<Value>(
        _ decoder: PacketDecoder, _ body: () throws(WireError) -> Value
    ) throws(MigrationError) -> Value {
        do { return try body() } catch {
            throw .protocolViolation(error, channel: number, packet: decoder.nextNumber)
        }
    }

    private func count(
        _ header: borrowing PacketHeader, _ start: MonotonicTime, _ headed: MonotonicTime, _ received: MonotonicTime
    ) {
        counters.add(
            header, bytesIn: PacketHeader.byteCount + header.payloadByteCount,
            bytesOut: (header.normalPageCount + header.deltaPageCount) << Page.shift)
        counters.waitingTime.add(from: start, to: headed)
        counters.writingTime.add(from: headed, to: received)
        let placed = MonotonicTime.now
        counters.encodingTime.add(from: received, to: placed)
        guard header.hasPayload else { return }
        let (codec, time) = (header.codec, placed.since(received))
        let (bytesIn, bytesOut) = (header.payloadByteCount, header.decodedByteCount)
        counters.codecs.withLock { $0.add(codec, bytesIn: bytesIn, bytesOut: bytesOut, time: time) }
    }
}
