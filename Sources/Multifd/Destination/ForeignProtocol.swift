/// A migration protocol besides the native one, whose sources may come in on the same port. Its pages travel on the same
/// channels and its main connection is its own.
package protocol ForeignProtocol: Sendable {
    /// The first four bytes of its main connections.
    var magic: UInt32 { get }

    /// Takes a guest in, on the destination's thread. Whatever goes wrong, nothing of the guest is left when it throws.
    ///
    /// - Parameter connection: the main connection, behind its magic number.
    func receive(_ connection: Connection, _ session: ForeignSession) throws(MigrationError)
}
