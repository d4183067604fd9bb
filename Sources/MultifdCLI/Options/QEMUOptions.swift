import ArgumentParser
import MultifdQEMU

/// What the subcommands that have to do with a QEMU have in common.
struct QEMUOptions: ParsableArguments {
    /// The words of `--sync-mode`.
    enum SyncMode: String, CaseIterable {
        case round
        case section

        var mode: SnapshotMachine.SyncMode {
            switch self {
            case .round: .round
            case .section: .section
            }
        }
    }

    @Flag(help: "QEMU's capability multifd is, or is to be, off: everything goes over one connection.")
    var noMultifd = false
}
