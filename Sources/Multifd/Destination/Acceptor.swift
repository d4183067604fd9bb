import Logging
import Synchronization
import SystemPackage

/// Accepts connections and finds out what each is: the main channel of a source, a channel of the session, or neither.
///
/// Every connection gets a thread at once, because a slow or hostile peer must not hold up the others; a channel's thread
/// goes on to receive its pages.
final class Acceptor: Sendable {
    private let listener: Listener
    private let foreign: (any ForeignProtocol)?
    private let deadlines: Deadlines
    private let logger: Logger
    private let state: Condition<State>
    /// More connections than a session can need are not taken in.
    private static let maximumConnectionCount = 300

    /// How long a foreign source may take to end its channels after its main connection.
    private static let leave = Duration.seconds(1)

    /// A record's type, and the first half of its version: the same in every version of TLS.
    private static let handshakeOfTLS: UInt32 = 0x1603

    private struct State: Sendable {
        var main: Main?
        var failure: MigrationError?
        var session: Session?
        var channels: [Int: Channel] = [:]
        /// By the number of their connection.
        var threads: [Int: WorkerThread] = [:]
        var patience: [Int: Patience] = [:]
        var ended: [Int] = []
        /// Whether channels still come in, but not to the session.
        var isLeaving = false
        var isClosed = false
    }

    private struct Channel: Sendable {
        var channel: ReceiveChannel
        var connectionNumber: Int
    }

    /// The connection of a source.
    enum Main: Sendable {
        /// It speaks this program's protocol.
        case native(MainChannel)
        /// It speaks the foreign protocol, and has said its magic number.
        case foreign(Connection)
    }

    /// The session whose channels are welcome.
    struct Session: Sendable {
        /// Nil when the first channel tells.
        var id: SessionID?
        var channel: ReceiveChannel.Session
    }

    /// - Parameter foreign: another protocol to take main connections of.
    init(listener: Listener, foreign: (any ForeignProtocol)?, deadlines: Deadlines, logger: Logger) {
        self.listener = listener
        self.foreign = foreign
        self.deadlines = deadlines
        self.logger = logger
        state = Condition(State())
    }

    /// Accepts until it is closed. Runs on a thread of its own.
    func run() {
        var number = 0
        while !state.withLock({ $0.isClosed }) {
            guard let connection = listener.accept(within: Patience.tick) else { continue }
            joinEndedThreads()
            number += 1
            take(connection, number: number)
        }
    }

    /// Waits for a source. Returns nil when the deadline passed first.
    func waitForMain(until deadline: MonotonicTime) throws(MigrationError) -> Main? {
        let result: Result<Main, MigrationError>? = state.wait(until: deadline) { state in
            if let main = state.main { return .success(main) }
            return state.failure.map { .failure($0) }
        }
        return try result?.get()
    }

    /// From here on channels of a session are welcome.
    func open(_ session: Session) { state.withLock { $0.session = session } }

    /// What the channels call their session.
    var sessionID: SessionID? { state.withLock { $0.session?.id } }

    var channels: [ReceiveChannel] {
        state.withLock { state in state.channels.values.map(\.channel).sorted { $0.number < $1.number } }
    }

    /// Waits until so many channels have come. Returns false when the deadline passed first.
    func waitForChannels(_ count: Int, until deadline: MonotonicTime) -> Bool {
        state.wait(until: deadline) { $0.channels.count >= count ? true : nil } ?? false
    }

    /// Breaks a channel's connection and waits until nothing of it will be applied any more.
    func close(channel number: Int) {
        let thread = state.withLock { state -> WorkerThread? in
            guard let channel = state.channels[number] else { return nil }
            channel.channel.shutdown()
            return state.threads.removeValue(forKey: channel.connectionNumber)
        }
        thread?.join()
    }

    /// Waits until a foreign source, whose main connection has ended, has ended its channels. The session's barrier must
    /// have been closed.
    ///
    /// - Parameter time: how long its channels may still be on their way.
    func leave(after time: Duration) {
        let end = MonotonicTime.now + Self.leave
        state.withLock { $0.isLeaving = true }
        Patience.sleep(for: time)
        _ = state.wait(until: end) { state in state.threads.keys.allSatisfy(state.ended.contains) ? true : nil }
    }

    /// Ends all threads. The session's barrier must have been closed.
    func close() {
        let threads = state.withLock { state in
            state.isClosed = true
            for patience in state.patience.values { patience.stop() }
            for channel in state.channels.values { channel.channel.shutdown() }
            defer { state.threads = [:] }
            return Array(state.threads.values)
        }
        listener.shutdown()
        for thread in threads { thread.join() }
    }

    private func joinEndedThreads() {
        let ended = state.withLock { state in
            defer { state.ended = [] }
            return state.ended.compactMap { state.threads.removeValue(forKey: $0) }
        }
        for thread in ended { thread.join() }
    }

    private func take(_ connection: Connection, number: Int) {
        let patience = Patience(limit: deadlines.handshake)
        patience.setDeadline(.now + deadlines.handshake)
        state.withLock { state in
            guard !state.isClosed, state.threads.count < Self.maximumConnectionCount else { return }
            do throws(Errno) {
                state.threads[number] = try WorkerThread(named: "mf-recv-\(number)") { [self] in
                    serve(connection, number: number, patience)
                    end(number)
                }
                state.patience[number] = patience
            } catch {
                logger.warning("a connection from \(connection.peer) was dropped: \(MigrationError.noThread(error))")
            }
        }
    }

    private func end(_ number: Int) {
        state.withLock { state in
            state.patience[number] = nil
            state.ended.append(number)
        }
    }

    private func serve(_ connection: Connection, number: Int, _ patience: Patience) {
        do throws(MigrationError) {
            // Somebody who looked whether anybody listens here, and went without a word, is no stranger yet.
            guard let first = try receiveIfAny(4, connection, patience) else { return }
            let magic = first.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            switch magic {
            case Greeting.magic: try becomeMain(connection, patience)
            case ChannelHello.magic: try becomeChannel(connection, number: number, patience)
            case foreign?.magic: becomeForeignMain(connection)
            case Greeting.qemuMagic: throw .guestOfQEMU
            case _ where magic >> 16 == Self.handshakeOfTLS:
                throw .protocolViolation(.encrypted(what: "a connection"), channel: nil, packet: nil)
            default:
                throw .protocolViolation(
                    .magic(what: "a connection", expected: Greeting.magic, found: magic), channel: nil, packet: nil)
            }
        } catch {
            let isLate = error.isTransport && patience.isPastDeadline
            refuse(
                connection,
                isLate ? .transport(.unidentified(peer: connection.peer, after: deadlines.handshake)) : error)
        }
    }

    /// A stranger ends the wait for a source, with an error that says what came. A session that has begun goes on.
    private func refuse(_ connection: Connection, _ error: MigrationError) {
        let isWaiting = state.withLock { state in
            guard state.main == nil, !state.isClosed else { return false }
            state.failure = state.failure ?? error
            return true
        }
        if !isWaiting { logger.warning("a connection from \(connection.peer) was refused: \(error)") }
    }

    private func becomeMain(_ connection: Connection, _ patience: Patience) throws(MigrationError) {
        let main = MainChannel(connection, patience: patience)
        try main.answerGreeting()
        let isFirst = state.withLock { state in
            guard state.main == nil else { return false }
            state.main = .native(main)
            return true
        }
        if !isFirst { main.refuse("another migration is under way here: wait for its end, or use another port") }
    }

    /// Only one source is served; a foreign one cannot be told why it is not.
    private func becomeForeignMain(_ connection: Connection) {
        let isFirst = state.withLock { state in
            guard state.main == nil else { return false }
            state.main = .foreign(connection)
            return true
        }
        if !isFirst { logger.warning("a second migration from \(connection.peer) was refused") }
    }

    private func becomeChannel(_ connection: Connection, number: Int, _ patience: Patience) throws(MigrationError) {
        defer { discard(connection) }
        var writer = MessageWriter()
        writer.append(ChannelHello.magic)
        writer.append(try receive(ChannelHello.byteCount - 4, connection, patience))
        let hello: ChannelHello
        do {
            // Safe: `bytes` is unsafe for elements with padding, which UInt8 has not.
            hello = try ChannelHello(decoding: unsafe writer.bytes.span.bytes)
        } catch {
            throw .protocolViolation(error, channel: nil, packet: nil)
        }
        let channel = ReceiveChannel(number: Int(hello.channel), connection: connection)
        guard let session = join(channel, of: hello.sessionID, connectionNumber: number) else {
            guard state.withLock({ !$0.isLeaving && !$0.isClosed }) else { return }
            let error = MigrationError.protocolViolation(
                .field(
                    what: "the first packet of a channel", field: "its session and number",
                    expected: "those of a channel that is due", found: "channel \(hello.channel)"),
                channel: nil, packet: nil)
            failForeignSession(error)
            throw error
        }
        channel.run(session)
    }

    /// Waits for the session, if its source may open channels before it announces itself, and takes the channel in.
    private func join(_ channel: ReceiveChannel, of id: SessionID, connectionNumber: Int) -> ReceiveChannel.Session? {
        func isDecided(_ state: inout State) -> Bool? {
            state.session != nil || foreign == nil || state.isLeaving || state.isClosed ? true : nil
        }
        if state.wait(until: .now + deadlines.handshake, isDecided) == nil {
            // A source that is there may take its time before it announces RAM.
            guard state.withLock({ $0.main != nil }) else { return nil }
            guard state.wait(until: .now + deadlines.stall, isDecided) != nil else { return nil }
        }
        return state.withLock { state in
            guard let session = state.session, !state.isLeaving, !state.isClosed, session.id ?? id == id,
                session.channel.barrier.join(channel: channel.number)
            else { return nil }
            state.session?.id = id
            state.channels[channel.number] = Channel(channel: channel, connectionNumber: connectionNumber)
            return session.channel
        }
    }

    /// A foreign source opens all its channels or none: one too many means that the two ends count differently.
    private func failForeignSession(_ error: MigrationError) {
        state.withLock { state in
            guard case .foreign = state.main, !state.isClosed, let channel = state.session?.channel else { return }
            channel.barrier.fail(error)
            channel.patience.stop()
        }
    }

    /// Takes what a foreign source still says on a channel that has ended here, until it ends it, too. A QEMU whose channel
    /// breaks before its main connection does may hang, and can never migrate its guest again.
    private func discard(_ connection: Connection) {
        guard case .foreign = state.withLock({ $0.main }) else { return }
        let patience = Patience(until: .now + Self.leave)
        do throws(TransportError) {
            while try connection.receiveAvailable(upTo: 1 << 16, within: Self.leave, patience: patience) != nil {
                // Where everything flows nobody ever waits and would notice.
                try patience.checkStop()
            }
        } catch {}  // its end, or ours
    }

    private func receive(
        _ byteCount: Int, _ connection: Connection, _ patience: Patience
    ) throws(MigrationError) -> [UInt8] {
        guard let bytes = try receiveIfAny(byteCount, connection, patience) else {
            throw .transport(.closed(peer: connection.peer))
        }
        return bytes
    }

    /// Receives nothing from a connection that has ended.
    private func receiveIfAny(
        _ byteCount: Int, _ connection: Connection, _ patience: Patience
    ) throws(MigrationError) -> [UInt8]? {
        do { return try connection.receive(byteCount, patience: patience) } catch { throw .transport(error) }
    }
}
