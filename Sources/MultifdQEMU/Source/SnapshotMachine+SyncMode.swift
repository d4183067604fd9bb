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
        guard let dash = machine.lastIndex(of: "-"), Self.versionedFamilies.contains(String(machine[..<dash])) else {
            return nil
        }
        let numbers = machine[dash...].dropFirst().split(separator: ".").compactMap { Int($0) }
        guard numbers.count == 2 else { return nil }
        return (numbers[0], numbers[1]) <= (8, 0) ? .section : .round
    }

    private static let versionedFamilies: Set = ["pc-i440fx", "pc-q35", "virt", "pseries", "s390-ccw-virtio"]
}
