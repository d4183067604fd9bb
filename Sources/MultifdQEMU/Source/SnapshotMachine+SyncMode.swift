extension SnapshotMachine {
    /// When the source's channels met, and so will those of any QEMU with the same machine; nil when it had none.
    var knownSyncMode: QEMUSendOptions.SyncMode? {
        switch syncMode {
        case .none: nil
        case .round: .round
        case .section: .section
        }
    }

    /// What the machine type's version says, nil for one without, or of a distribution.
    var syncModeOfVersion: QEMUSendOptions.SyncMode? {
        guard let dash = machine.lastIndex(of: "-"), Self.versionedFamilies.contains(String(machine[..<dash])) else {
            return nil
        }
        let numbers = machine[dash...].dropFirst().split(separator: ".").compactMap { Int($0) }
        guard numbers.count == 2 else { return nil }
        return (numbers[0], numbers[1]) <= (8, 0) ? .section : .round
    }

    private static let versionedFamilies: Set = ["pc-i440fx", "pc-q35", "virt", "pseries", "s390-ccw-virtio"]
}
