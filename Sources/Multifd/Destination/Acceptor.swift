import Logging
import Synchronization
import SystemPackage

/// Accepts connections and finds out what each is: the main channel of a source, a channel of the session, or neither.
///
/// Every connection gets a thread at once, because a slow or hostile peer must not hold up the others; a channel's thread
/// goes on to receive its pages.
final class Acceptor: Sendable {
    private let listener: Listener
    let foreign: (any ForeignProtocol)?
    let deadlines: Deadlines
    let logger: Logger
    let state: Condition<State>
    /// More connections than a session can need are not taken in.
    private static let maximumConnectionCount = 300

    /// How long a foreign source may take to end its channels after its main connection.
    static let leave = Duration.seconds(1)

    struct State: Sendable {
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

    struct Channel: Sendable {
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
        var isWarned = false
        while !state.withLock({ $0.isClosed }) {
            do {
                guard let connection = try listener.accept(within: Patience.tick) else { continue }
                joinEndedThreads()
                number += 1
                take(connection, number: number)
            } catch {
                joinEndedThreads()
                guard !failSession(in: error), !isWarned else { continue }
                isWarned = true
                logger.warning("\(error)")
            }
        }
    }

    /// Nobody knows whether one of those that cannot be taken in is a channel that is due. The session would wait for it, or,
    /// where its source does not say how many there are, go on without its pages.
    ///
    /// - Returns: false when all channels are there, or none is welcome yet.
    private func failSession(in error: TransportError) -> Bool {
        guard let session = state.withLock({ $0.isClosed ? nil : $0.session?.channel }), session.barrier.isExpecting
        else { return false }
        session.barrier.fail(.transport(error))
        session.patience.stop()
        return true
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

    /// Waits until that many channels have come. Returns false when the deadline passed first.
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
            guard !state.isClosed else { return }
            guard state.threads.count < Self.maximumConnectionCount else {
                return logger.warning(
                    "a connection from \(connection.peer) was dropped: \(state.threads.count) are open, and no migration has more"
                )
            }
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
}
