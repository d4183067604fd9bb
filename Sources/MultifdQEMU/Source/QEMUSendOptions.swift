/// How to send a snapshot into a QEMU, which must have been told the same.
public struct QEMUSendOptions: Hashable, Sendable {
    /// The destination's parameter `multifd-channels`, 1...255; 0 when it has the capability multifd off.
    public var multifdChannels = 0
    /// When its channels meet; nil to find out. A wrong one makes the destination hang, or start without its memory.
    public var syncMode: SnapshotMachine.SyncMode?

    /// The defaults.
    public init() {}
}
