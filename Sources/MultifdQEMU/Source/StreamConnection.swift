import Multifd

/// The main connection to a QEMU, and what it says on the return path.
final class StreamConnection {
    private let connection: Connection
    let patience: Patience
    private let limiter: BandwidthLimiter
    private var received: [UInt8] = []
    private(set) var sentByteCount = 0

    init(_ connection: Connection, patience: Patience, limiter: BandwidthLimiter) {
        self.connection = connection
        self.patience = patience
        self.limiter = limiter
    }

    func shutdown() { connection.shutdown() }

    func send(_ stream: StreamWriter) throws(MigrationError) {
        let bytes = stream.bytes
        var sent = 0
        do {
            while sent < bytes.count {
                let granted = try limiter.wait(for: bytes.count - sent, patience: patience)
                try connection.send(Array(bytes[sent..<sent + granted]), patience: patience)
                sent += granted
                sentByteCount += granted
            }
        } catch {
            throw lost(error)
        }
    }

    /// Sends memory that a list names.
    func send(_ list: inout GatherList) throws(MigrationError) {
        sentByteCount += list.byteCount
        do { try connection.send(&list, limiter: limiter, patience: patience) } catch { throw lost(error) }
    }

    /// The destination's next word. Nil when none came until then.
    func nextMessage(until end: MonotonicTime) throws(MigrationError) -> ReturnPath? {
        while true {
            if let message = try takeMessage() { return message }
            let left = end.since(.now)
            guard left > .zero else { return nil }
            do {
                let bytes = try connection.receiveAvailable(upTo: 4096, within: left, patience: patience)
                received += bytes ?? []
            } catch .closed {
                throw .foreign(QEMUSendError.closedUnconfirmed)
            } catch {
                throw .transport(error)
            }
        }
    }

    /// The destination may have said why before it closed.
    private func lost(_ error: TransportError) -> MigrationError {
        guard case .closed = error else { return .transport(error) }
        return .foreign(QEMUSendError.closed(what: "the connection"))
    }

    private func takeMessage() throws(MigrationError) -> ReturnPath? {
        guard received.count >= 4 else { return nil }
        let type = UInt16(received[0]) << 8 | UInt16(received[1])
        let byteCount = Int(received[2]) << 8 | Int(received[3])
        let isKnown =
            switch type {
            case QEMUStream.Answer.shut, QEMUStream.Answer.pong: byteCount == 4
            case QEMUStream.Answer.switchoverAcknowledgement: byteCount == 0
            default: false
            }
        guard isKnown else {
            throw .foreign(QEMUSendError.message(type: type))
        }
        guard received.count >= 4 + byteCount else { return nil }
        let value = received[4..<4 + byteCount].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        received.removeFirst(4 + byteCount)
        switch type {
        case QEMUStream.Answer.shut: return .shut(code: value)
        case QEMUStream.Answer.pong: return .pong(value)
        default: return .switchoverAcknowledgement
        }
    }
}
