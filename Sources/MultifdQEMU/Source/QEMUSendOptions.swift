public import FoundationEssentials

/// How to send a snapshot into a QEMU, which must have been told the same.
public struct QEMUSendOptions: Hashable, Sendable {
    /// When a destination's channels meet.
    public enum SyncMode: String, CaseIterable, Sendable {
        /// At the end of each round over RAM: machine types of QEMU 8.1 and later.
        case round
        /// At the end of each section: older machine types.
        case section
    }

    /// The destination's parameter `multifd-channels`, 1...255; 0 when it has the capability multifd off.
    public var multifdChannels = 0
    /// When its channels meet; nil for when those of the source met, which had the same machine, or, if it had none, to
    /// find out. A wrong one would make the destination hang, or start without its memory, and is refused.
    public var syncMode: SyncMode?
    /// The destination's `-uuid`, which its channels must say; nil for that of the source. All zeros for none.
    public var uuid: UUID?

    /// The defaults.
    public init() {}
}
