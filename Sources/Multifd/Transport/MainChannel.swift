import Dispatch
import Synchronization

/// The connection on which the two ends of a native session talk: see ``ControlMessage``.
///
/// Any thread may send; one receives.
package final class MainChannel: Sendable {
    package let connection: Connection
    package let patience: Patience
    private let sentByteCount = Mutex(0)

    package init(_ connection: Connection, patience: Patience) {
        self.connection = connection
        self.patience = patience
    }

    /// Bytes sent so far.
    var bytesSent: Int { sentByteCount.withLock { $0 } }

    package func send(_ message: ControlMessage) throws(MigrationError) {
        let body = message.body
        try send(ControlHeader(for: message, body: body).encoded + body)
    }

    /// The next message. A refusal is thrown as the error it stands for; that the peer works is heard, and waited on, for as
    /// long as this end would say it.
    package func receive() throws(MigrationError) -> ControlMessage {
        let end = MonotonicTime.now + Self.longestWork
        while true {
            let message = try receiveNext()
            guard message == .working else { return message }
            // Where something always comes nobody ever waits and would notice.
            do { try patience.checkStop() } catch { throw .transport(error) }
            guard MonotonicTime.now < end else {
                throw .transport(.stalled(peer: connection.peer, after: Self.longestWork))
            }
        }
    }

    /// The same, but that the peer works is a message, too.
    func receiveNext() throws(MigrationError) -> ControlMessage {
        let headerBytes = try receive(ControlMessage.headerByteCount)
        let header = try checked { () throws(WireError) in try ControlHeader(decoding: headerBytes) }
        let body = try receive(header.bodyByteCount)
        let message = try checked { () throws(WireError) in
            try header.verify(body)
            return try ControlMessage(header.kind, body: body)
        }
        guard case .refused(let reason) = message else { return message }
        throw .refused(peer: connection.peer, reason: reason)
    }

    /// For how long a peer is asked to wait for what moves no byte: a disk that takes longer is stuck.
    static let longestWork = Duration.seconds(3600)
    /// How often it is asked.
    static let workInterval = Duration.seconds(1)

    /// Does what moves no byte, and may take long, and tells the peer each second that it goes on.
    func whileWorking<Value>(_ body: () throws(MigrationError) -> Value) throws(MigrationError) -> Value {
        let isDone = Condition(false)
        let end = MonotonicTime.now + Self.longestWork
        // No thread of its own: most work is short, and a paused guest may be waiting for it.
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + Self.workInterval.seconds, repeating: Self.workInterval.seconds)
        timer.setEventHandler { [self] in
            // With the lock held: said after what comes next, it would be a message out of turn.
            isDone.withLock { isDone -> Void in
                guard !isDone else { return }
                isDone = MonotonicTime.now >= end || (try? send(.working)) == nil
            }
        }
        timer.resume()
        defer {
            timer.cancel()
            isDone.withLock { $0 = true }
        }
        return try body()
    }

    /// Tells the peer why the migration is over, if it still listens.
    func refuse(_ reason: String) {
        // Said within a second or not at all: the session's own patience may be over already.
        let brief = MainChannel(connection, patience: Patience(until: .now + .seconds(1)))
        try? brief.send(.refused(reason: reason))
    }

    /// Why the peer ended the migration, if it said so before the connection broke and nobody has read it yet.
    var lastRefusal: MigrationError? {
        let brief = MainChannel(connection, patience: Patience(until: .now + Patience.tick))
        // No more than a few messages are ever on their way.
        for _ in 0..<8 {
            do { _ = try brief.receive() } catch {
                if case .refused = error { return error }
                return nil
            }
        }
        return nil
    }

    /// Greets a destination and checks its greeting.
    package func greetDestination() throws(MigrationError) {
        let answer: [UInt8]
        do throws(MigrationError) {
            try send(Greeting.ours.encoded)
            answer = try receive(Greeting.byteCount)
        } catch {
            throw missingGreeting(error) ?? error
        }
        _ = try checked { () throws(WireError) in
            try Greeting.ours.commonVersion(with: Greeting(decoding: answer))
        }
    }

    /// A peer that goes away, or waits for more, when it is greeted is most likely another program: QEMU does both.
    private func missingGreeting(_ error: MigrationError) -> MigrationError? {
        guard !patience.isStopped, !patience.isPastDeadline else { return nil }
        return switch error {
        case .transport(.closed), .transport(.broken):
            .noGreeting(peer: connection.peer, found: "closed the connection")
        case .transport(.stalled(_, let duration)):
            .noGreeting(peer: connection.peer, found: "was silent for \(duration.seconds.threeFigures) s")
        default: nil
        }
    }

    /// Answers a source's greeting, whose magic number has been read already.
    package func answerGreeting() throws(MigrationError) {
        var writer = MessageWriter()
        writer.append(Greeting.magic)
        writer.append(try receive(Greeting.byteCount - 4))
        // The answer goes out in any case: the source then names both versions as well.
        try send(Greeting.ours.encoded)
        _ = try checked { () throws(WireError) in
            try Greeting.ours.commonVersion(with: Greeting(decoding: writer.bytes))
        }
    }

    private func send(_ bytes: [UInt8]) throws(MigrationError) {
        let result = sentByteCount.withLock { count in
            Result { () throws(TransportError) in
                try connection.send(bytes, patience: patience)
                count += bytes.count
            }
        }
        do { try result.get() } catch { throw .transport(error) }
    }

    /// Memory grows with what has come, because anybody can announce much.
    private func receive(_ byteCount: Int) throws(MigrationError) -> [UInt8] {
        var bytes: [UInt8] = []
        do throws(TransportError) {
            while bytes.count < byteCount {
                let piece = min(byteCount - bytes.count, 1 << 20)
                guard let received = try connection.receive(piece, patience: patience) else {
                    throw .closed(peer: connection.peer)
                }
                bytes += received
            }
        } catch {
            throw .transport(error)
        }
        return bytes
    }

    private func checked<Value>(_ body: () throws(WireError) -> Value) throws(MigrationError) -> Value {
        do { return try body() } catch { throw .protocolViolation(error, channel: nil, packet: nil) }
    }
}
