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
    /// QEMU does not get beyond the list of RAMBlocks. The mode is the one its channels were taken to meet by, if any.
    case stuckAtBlocks(machine: String, QEMUSendOptions.SyncMode?)
    /// QEMU's channels meet by round, and those of the machine type were taken to meet by section.
    case meetsByRound(machine: String)
    /// QEMU does not confirm that all memory is in.
    case stuckAtEnd
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
        case .stuckAtBlocks(let machine, let mode):
            "QEMU does not get beyond the list of RAMBlocks"
                + (mode.map { ": its channels do not meet by \($0), as those of '\(machine)' were taken to" }
                    ?? ": it is stuck")
        case .meetsByRound(let machine):
            "QEMU's channels meet by round, but those of '\(machine)' were taken to meet by section: give --sync-mode "
                + "round if it was changed there"
        case .stuckAtEnd:
            "QEMU does not confirm that all memory is in: it is stuck"
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
