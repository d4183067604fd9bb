import Multifd

/// What the stream of a QEMU holds beside RAM.
struct MachineState: Sendable {
    struct EarlySection: Sendable {
        var bytes: [UInt8]
        var isAfterRAMStart: Bool
    }

    var configuration = StreamConfiguration()
    var ramSectionID: UInt32 = 0
    var blocks: [StreamBlock] = []
    var earlySections: [EarlySection] = []
    /// From the end of RAM to the end of the stream.
    var deviceState: [UInt8] = []
    var deviceSections: [DeviceSection] = []
    var neverSent: [[Range<Int>]] = []
    var sessionID: SessionID?
    var syncMode = SnapshotMachine.SyncMode.none
    var channelCount = 0
    var compression = MultifdCompression.none
    var hasReturnPath = false
    var hints: [String] = []
}
