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
    /// When its channels meet, whatever the snapshot and the machine type say; nil to find out. It is looked at before a
    /// page is sent: a wrong one would make the destination hang, or start without its memory, and is refused.
    public var syncMode: SyncMode?
    /// The destination's version, if it is known. Channels of one before 8.1 meet by section, and need not be looked at.
    public var destinationVersion: QEMUVersion?
    /// The destination's `-uuid`, which its channels must say; nil for that of the source. All zeros for none.
    public var uuid: UUID?

    /// Whether the snapshot's hashes have been compared, and need not be beside sending.
    var isVerified = false

    /// The defaults.
    public init() {}
}
