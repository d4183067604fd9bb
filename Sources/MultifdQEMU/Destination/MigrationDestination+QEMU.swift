public import Logging
public import Multifd

extension MigrationDestination {
    /// A destination that stores what comes as a snapshot: the guest of a QEMU, or a native one.
    ///
    /// - Parameters:
    ///   - uri: where to listen.
    ///   - snapshot: what receives the guest.
    ///   - qemu: what a source that is QEMU does not say.
    ///   - deadlines: how long to wait for a peer.
    ///   - logger: gets what is worth knowing, but no failure: that is thrown.
    /// - Throws: ``MigrationError/transport(_:)``.
    public convenience init(
        listeningOn uri: MigrationURI, snapshot: SnapshotTarget, qemu: QEMUReceiveOptions = QEMUReceiveOptions(),
        deadlines: Deadlines = Deadlines(), logger: Logger = Logger(label: "multifd.destination")
    ) throws(MigrationError) {
        try self.init(
            listeningOn: uri, target: snapshot, foreign: QEMUProtocol(target: snapshot, options: qemu),
            deadlines: deadlines, logger: logger)
    }
}
