/// What a destination must be told about a source that is QEMU, because QEMU does not say it.
public struct QEMUReceiveOptions: Hashable, Sendable {
    /// Its parameter `multifd-channels`, 0 without the capability multifd; nil to count those that have come by the
    /// first barrier.
    public var multifdChannels: Int?
    /// Whether its capability `switchover-ack` is on: without an answer it would iterate for ever. One of QEMU 7.2 fails when
    /// it is told without need; one whose machine type is of 8.1 or later is told in any case.
    public var acknowledgesSwitchover = false
    /// Whether the source is answered as soon as all of its guest has come, before it is stored: only where the source
    /// keeps its guest, and somebody will have it run on whatever becomes of the snapshot.
    var answersBeforeStoring = false

    /// The defaults.
    public init() {}
}
