import FoundationEssentials
public import Multifd
import Synchronization
import SystemPackage

/// Talks to a running QEMU over its QMP socket, one command at a time.
///
/// ```swift
/// let qmp = try QMPClient(connectingTo: MigrationURI(parsing: "unix:/run/vm.qmp"))
/// let status = try qmp.execute("query-status")["status"]?.string
/// ```
public final class QMPClient: Sendable {
    /// The socket.
    public let address: MigrationURI
    /// The QEMU at the other end.
    public let version: QEMUVersion
    /// How long a command may take.
    public let deadline: Duration
    private let session: Mutex<Session>
    private let haste: QMPHaste

    private struct Session: Sendable {
        let connection: Connection
        let haste: QMPHaste
        var received = MessageBuffer()
        var nextID = 1
        /// Came while an answer was awaited.
        var events: [QMPEvent] = []

        /// Nobody may ask for them: the oldest go.
        mutating func add(_ event: QMPEvent) {
            if events.count >= 256 { events.removeFirst() }
            events.append(event)
        }
    }

    /// Connects, reads the greeting and leaves the negotiation mode. It ends at once when the task that it is called in is
    /// cancelled, as commands do.
    ///
    /// - Parameters:
    ///   - address: a unix or TCP socket, QEMU's `-qmp`.
    ///   - time: for the connection and the greeting, if that is less than `deadline`.
    ///   - deadline: for the connection, the greeting, and each command.
    /// - Throws: ``QMPError``.
    public init(
        connectingTo address: MigrationURI, within time: Duration? = nil, deadline: Duration = .seconds(30)
    ) throws(QMPError) {
        self.address = address
        self.deadline = deadline
        haste = QMPHaste()
        let (session, version) = try Self.connect(to: address, min(time ?? deadline, deadline), haste)
        self.version = version
        self.session = Mutex(session)
    }

    /// Connects anew when the connection has been lost, above all to what stands between: QEMU itself may live.
    ///
    /// - Throws: ``QMPError`` of the last try when none has succeeded within `time`.
    func reconnect(within time: Duration) throws(QMPError) {
        // QEMU serves nobody else before it has seen this.
        close()
        let end = MonotonicTime.now + time
        while true {
            do throws(QMPError) {
                let (session, _) = try Self.connect(to: address, max(end.since(.now), Patience.tick), haste)
                return self.session.withLock { $0 = session }
            } catch {
                guard !isGone(error), MonotonicTime.now + Self.pause < end else { throw error }
            }
            Patience.sleep(for: Self.pause)
        }
    }

    /// Whether no process has the socket any more. A TCP port may be a tunnel's, which comes back.
    private func isGone(_ error: QMPError) -> Bool {
        guard case .unix = address, case .transport(_, .connect(_, let errno)) = error else { return false }
        return errno == .connectionRefused || errno == .noSuchFileOrDirectory
    }

    /// From now on QEMU has little time to answer, also what it has been asked already.
    func hurry() { haste.hurry() }

    /// From now on no answer is awaited.
    func stopWaiting() { haste.stop() }

    /// Between two tries to connect anew.
    private static let pause = Duration.milliseconds(200)

    /// Executes a command and waits for its answer.
    ///
    /// - Parameters:
    ///   - arguments: an object, or nil for a command without arguments.
    ///   - time: how long it may take; nil for ``deadline``.
    /// - Returns: what QEMU returned; an empty object from commands that return nothing.
    /// - Throws: ``QMPError``, ``QMPError/refused(command:errorClass:reason:)`` when QEMU says no.
    @discardableResult
    public func execute(
        _ command: String, _ arguments: JSONValue? = nil, within time: Duration? = nil
    ) throws(QMPError) -> JSONValue {
        let result = session.withLock { session in
            Result { () throws(QMPError) in try Self.execute(command, arguments, &session, time ?? deadline) }
        }
        return try result.get()
    }

    /// Waits for an event, and drops those that came before it.
    ///
    /// - Throws: ``QMPError/timedOut(waitingFor:after:)`` when it does not come within `time`.
    public func waitForEvent(
        within time: Duration, _ isWanted: @Sendable (QMPEvent) -> Bool
    ) throws(QMPError) -> QMPEvent {
        let start = MonotonicTime.now
        let result = session.withLock { session in
            Result { () throws(QMPError) in
                while true {
                    while !session.events.isEmpty {
                        let event = session.events.removeFirst()
                        if isWanted(event) { return event }
                    }
                    switch try Self.nextMessage(&session, "an event", from: start, time) {
                    case .event(let event): session.add(event)
                    case .answer, .refusal, .greeting: break  // late: nobody waits for it any more
                    }
                }
            }
        }
        return try result.get()
    }

    /// Hangs up: QEMU serves one client at a time, and now another. Further commands fail.
    public func close() { session.withLock { $0.connection.shutdown() } }

    // MARK: The wire

    private static func connect(
        to address: MigrationURI, _ deadline: Duration, _ haste: QMPHaste
    ) throws(QMPError) -> (Session, QEMUVersion) {
        var session: Session
        do {
            session = Session(
                connection: try Connection.connect(
                    to: MigrationPath(destination: address), deadline: deadline, patience: Patience(limit: deadline)),
                haste: haste)
        } catch {
            throw .transport(address: "\(address)", error)
        }
        let version = try readGreeting(&session, address, deadline)
        _ = try execute("qmp_capabilities", nil, &session, deadline)
        return (session, version)
    }

    private static func readGreeting(
        _ session: inout Session, _ address: MigrationURI, _ deadline: Duration
    ) throws(QMPError) -> QEMUVersion {
        do throws(QMPError) {
            let message = try nextMessage(&session, "the greeting", from: .now, deadline)
            guard case .greeting(let version) = message else {
                throw .noGreeting(address: "\(address)", found: "it sent another message first")
            }
            return version
        } catch .timedOut(_, let duration) {
            let found =
                session.received.rest.isEmpty
                ? "nothing came within \(duration.seconds.threeFigures) s (or another client is connected)"
                : QMPMessage.excerpt(session.received.rest)
            throw .noGreeting(address: "\(address)", found: found)
        } catch .malformed(let found) {
            throw .noGreeting(address: "\(address)", found: found)
        } catch .closed {
            throw .noGreeting(address: "\(address)", found: "it closed the connection")
        }
    }

    private static func execute(
        _ command: String, _ arguments: JSONValue?, _ session: inout Session, _ deadline: Duration
    ) throws(QMPError) -> JSONValue {
        let start = MonotonicTime.now
        let id = session.nextID
        session.nextID += 1
        var request: [String: JSONValue] = ["execute": .string(command), "id": .integer(id)]
        request["arguments"] = arguments
        try send(.object(request), command, session, until: start + deadline, deadline)
        while true {
            switch try nextMessage(&session, command, from: start, deadline) {
            case .event(let event): session.add(event)
            case .answer(id, let value): return value
            case .refusal(id, let errorClass, let reason):
                throw .refused(command: command, errorClass: errorClass, reason: reason)
            // A refusal without an id is of a request that QEMU could not read: the only one there is, ours.
            case .refusal(nil, let errorClass, let reason):
                throw .refused(command: command, errorClass: errorClass, reason: reason)
            case .answer, .refusal, .greeting: break  // late, of a command that timed out
            }
        }
    }

    private static func send(
        _ request: JSONValue, _ command: String, _ session: borrowing Session, until end: MonotonicTime,
        _ deadline: Duration
    ) throws(QMPError) {
        guard let data = try? JSONEncoder().encode(request) else { throw .malformed(found: "no JSON in '\(command)'") }
        let patience = Patience(limit: deadline)
        patience.setDeadline(end)
        do throws(TransportError) {
            try session.connection.send(Array(data) + [UInt8(ascii: "\n")], patience: patience)
        } catch .closed, .broken(_, .connectionReset) {
            throw .closed(command: command)
        } catch .cancelled where patience.isPastDeadline {
            throw .timedOut(waitingFor: command, after: deadline)
        } catch {
            throw .transport(address: session.connection.peer, error)
        }
    }

    private static func nextMessage(
        _ session: inout Session, _ command: String, from start: MonotonicTime, _ deadline: Duration
    ) throws(QMPError) -> QMPMessage {
        while true {
            if let message = try session.received.next() {
                if message.isEmpty { continue }
                return try QMPMessage(parsing: message)
            }
            let left = session.haste.end(of: start, start + deadline).since(.now)
            guard left > .zero else {
                throw .timedOut(waitingFor: command, after: min(deadline, MonotonicTime.now.since(start)))
            }
            // A guest may be waiting for what QEMU says next.
            session.connection.confirmNextAtOnce()
            let bytes: [UInt8]?
            do {
                // The end is what ends the wait.
                bytes = try session.connection.receiveAvailable(
                    upTo: 64 << 10, within: min(left, Patience.tick), patience: Patience(limit: deadline + left))
            } catch .closed, .broken(_, .connectionReset) {  // QEMU ended with our command unread
                throw .closed(command: command)
            } catch {
                throw .transport(address: session.connection.peer, error)
            }
            session.received.append(bytes ?? [])
        }
    }
}
