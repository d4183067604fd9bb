public import SystemPackage

/// Why a migration failed. Whatever it is, the guest is at the source and runs on, except where a case says otherwise.
public enum MigrationError: Error {
    /// A connection could not be made or broke.
    case transport(TransportError)
    /// The peer sent something that is not allowed, on this channel or (nil) on the main channel.
    case protocolViolation(WireError, channel: Int?, packet: UInt64?)
    /// A payload could not be encoded or decoded.
    case codec(description: String, channel: Int, packet: UInt64)
    /// A parameter is out of its range.
    case parameter(ParameterError)
    /// Guest memory could not be set up.
    case memory(MemoryError)
    /// The system gives this process no more threads.
    case noThread(Errno)
    /// The peer ended the migration and said why.
    case refused(peer: String, reason: String)
    /// The guest, or what receives it, could not do what was asked.
    case guest(operation: String, reason: String)
    /// The peer sent a message where another was due.
    case unexpectedMessage(expected: String, found: String)
    /// What listens at the destination did not greet: it is another program.
    case noGreeting(peer: String, found: String)
    /// All channels are gone.
    case noChannelLeft(lastReason: String)
    /// The timeout that the user set is over.
    case timedOut(after: Duration, reason: String)
    /// The guest was paused, and could not be handed over within a time that leaves room enough.
    case switchoverTooSlow(after: Duration, downtimeLimit: Duration)
    /// The two ends hold different memory.
    case digestMismatch(source: UInt64, destination: UInt64)
    /// The two ends counted different packets.
    case totalsMismatch(sent: UInt64, received: UInt64)
    /// The guest was handed over and the connection failed before the destination confirmed it. The guest stays paused
    /// at the source: it may be running at the destination.
    case handoverUnconfirmed(peer: String)
    /// A QEMU sends its guest to a destination that does not make a snapshot of it.
    case guestOfQEMU
    /// The peer is another program, and the error is of its protocol: MultifdQEMU's `StreamError` or `QEMUSendError`.
    case foreign(any Error)
    /// This end was told to stop.
    case cancelled
}

extension MigrationError {
    /// Whether it says no more than that a connection ended: what lies behind it may be known better elsewhere.
    package var isTransport: Bool { if case .transport = self { true } else { false } }

    /// Whether this end was told to stop.
    package var isCancellation: Bool {
        switch self {
        case .cancelled, .transport(.cancelled): true
        default: false
        }
    }
}

extension MigrationError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    public var description: String {
        switch self {
        case .transport(let error): "\(error)"
        case .protocolViolation(let error, let channel, let packet):
            Self.place(channel, packet).map { "\(error), on \($0)" } ?? "\(error)"
        case .codec(let description, let channel, let packet):
            "\(description), in packet \(packet) of channel \(channel)"
        case .parameter(let error): "\(error)"
        case .memory(let error): "\(error)"
        case .noThread(let errno):
            "no thread could be started: \(errno); raise the limit of processes (ulimit -u, pids.max) or use fewer "
                + "channels"
        case .refused(let peer, let reason): "the peer \(peer) ended the migration: \(reason)"
        case .guest(let operation, let reason): "cannot \(operation): \(reason)"
        case .unexpectedMessage(let expected, let found):
            "the peer sent \(found) where \(expected) was due: it does not follow the protocol"
        case .noGreeting(let peer, let found):
            "'multifd receive' was expected at \(peer), but what listens there \(found) when it was greeted: start it "
                + "there, or, into a QEMU that waits with -incoming, send a snapshot with --qemu"
        case .noChannelLeft(let reason): "no channel is left: \(reason)"
        case .timedOut(let duration, let reason):
            "the migration did not complete within \(duration.seconds.threeFigures) s (--timeout): \(reason)"
        case .switchoverTooSlow(let duration, let limit):
            "the guest was paused for \(duration.seconds.threeFigures) s, with a downtime-limit of "
                + "\(limit.millisecondsRoundedUp) ms, and the destination had not taken it: it or the network is stuck"
        case .digestMismatch(let source, let destination):
            "the memory differs: its digest is \(source.hexadecimal) at the source and "
                + "\(destination.hexadecimal) at the destination"
        case .totalsMismatch(let sent, let received):
            "\(sent) packets were sent and \(received) arrived, or not the same ones: the transfer is incomplete"
        case .handoverUnconfirmed(let peer):
            "the guest was handed over to \(peer), which did not confirm it: the guest stays paused here; "
                + "look whether it runs there before you resume it"
        case .guestOfQEMU:
            "a QEMU sends its guest, and a guest of QEMU is received as a snapshot: use --snapshot DIR"
        case .foreign(let error): "\(error)"
        case .cancelled: "the migration was cancelled"
        }
    }

    private static func place(_ channel: Int?, _ packet: UInt64?) -> String? {
        guard let channel else { return nil }
        return packet.map { "packet \($0) of channel \(channel)" } ?? "channel \(channel)"
    }
}
