public import Multifd

/// Why a guest could not be sent into a QEMU.
public enum QEMUSendError: Error, Equatable {
    /// There is nobody at the address.
    case nobodyWaits(address: String)
    /// QEMU closed the main connection or a channel before all was sent.
    case closed(what: String)
    /// QEMU closed the connection when all was sent, and did not say what became of it.
    case closedUnconfirmed
    /// QEMU does not answer at the beginning: it expects another number of connections.
    case noAnswer(channels: Int)
    /// QEMU does not get beyond the list of RAMBlocks.
    case stuckAtBlocks
    /// The same, and its channels were to meet by round: if they meet by section, that is why.
    case notByRound
    /// QEMU's channels meet by round, and were to meet by section.
    case meetsByRound
    /// QEMU does not confirm that all memory is in. The compression is that of the channels, nil without any.
    case stuckAtEnd(MultifdCompression?)
    /// QEMU gave up while RAM was sent.
    case refused
    /// QEMU has all of the guest and could not load it.
    case notLoaded
    /// QEMU has all of the guest and is silent.
    case unconfirmed
    /// QEMU sent a message that is not known in precopy.
    case message(type: UInt16)
}

extension QEMUSendError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    public var description: String {
        switch self {
        case .nobodyWaits(let address):
            "no QEMU waits at \(address): start it with -incoming \(address) first"
        case .closed(let what):
            "QEMU closed \(what) before the guest was sent: its standard error says why"
        case .closedUnconfirmed:
            "QEMU closed the connection without saying that the guest is loaded: its standard error says why"
        case .noAnswer(let channels):
            "QEMU does not answer: it waits for other connections than it gets; its capability multifd must be "
                + (channels > 0 ? "on, with multifd-channels \(channels)" : "off")
        case .stuckAtBlocks:
            "QEMU does not get beyond the list of RAMBlocks: it is stuck"
        case .notByRound:
            "QEMU does not get beyond the list of RAMBlocks: its channels do not meet by round, as they were taken to; if "
                + "they are to meet by section, start it anew and use 'multifd send --qemu --sync-mode section'"
        case .meetsByRound:
            "QEMU's channels meet by round, but sync-mode section was asked for: leave it out"
        case .stuckAtEnd(nil):
            "QEMU does not confirm that all memory is in: it is stuck"
        case .stuckAtEnd(let compression?):
            "QEMU does not confirm that all memory is in: it is stuck, or its multifd-compression is not the "
                + "'\(compression)' that was sent"
        case .refused:
            "QEMU refused the guest: its standard error says why"
        case .notLoaded:
            "QEMU could not load the guest: its standard error says why"
        case .unconfirmed:
            "QEMU did not say whether the guest is loaded: look at it before you use the snapshot elsewhere"
        case .message(let type):
            "QEMU asked for something that belongs to postcopy (message \(type)): switch postcopy-ram off"
        }
    }
}
