/// What a switchover costs beside the transfer of the last pages. Each part counts as downtime, so each is taken off the
/// limit before pages are.
package struct SwitchoverOverhead: Hashable, Sendable {
    /// Pausing the guest, and the last sync of the dirty log with it paused.
    package var finalSync: Duration
    /// Saving, sending and loading the device state.
    package var deviceState: Duration
    /// The round trip that commits the migration, and the start of the guest at the destination.
    package var commit: Duration
    /// Whatever the destination checks between the last page and the commit.
    package var verification: Duration

    package init(
        finalSync: Duration = .zero, deviceState: Duration = .zero, commit: Duration = .zero,
        verification: Duration = .zero
    ) {
        self.finalSync = finalSync
        self.deviceState = deviceState
        self.commit = commit
        self.verification = verification
    }

    package var total: Duration { finalSync + deviceState + commit + verification }
}
