extension SnapshotMachine {
    /// When the channels of a QEMU with the same machine are expected to meet, nil for what nothing tells well enough.
    ///
    /// A mode belongs to a version of a machine type. But QEMU can be told otherwise, and a type without a version has the
    /// mode of whatever QEMU it runs on: so those of the source met by section only says that others do where the version
    /// agrees.
    var expectedSyncMode: QEMUSendOptions.SyncMode? {
        let ofVersion = syncModeOfVersion
        return switch syncMode {
        case .none: ofVersion
        case .round: ofVersion == .section ? nil : .round
        case .section: ofVersion == .section ? .section : nil
        }
    }

    /// What the machine type's version says, nil for one without, or of a distribution.
    private var syncModeOfVersion: QEMUSendOptions.SyncMode? {
        QEMUVersion(ofMachine: machine).map { $0 < .firstWithRounds ? .section : .round }
    }
}
