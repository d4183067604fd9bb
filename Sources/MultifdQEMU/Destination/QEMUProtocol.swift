import Multifd

/// QEMU's migration protocol, as a second one that a ``MigrationDestination`` takes guests in by.
struct QEMUProtocol: ForeignProtocol {
    let target: SnapshotTarget
    let options: QEMUReceiveOptions

    var magic: UInt32 { QEMUStream.magic }

    func receive(_ connection: Connection, _ session: ForeignSession) throws(MigrationError) {
        try StreamReception(connection, session, target, options).run()
    }
}
