/// One way for channels to reach the destination. Channels are spread over all paths in turn, so that two network cards
/// carry one migration.
public struct MigrationPath: Hashable, Sendable {
    /// An address at which the destination listens.
    public var destination: MigrationURI
    /// The local address to connect from, which selects the network card; nil leaves it to the routing table. The main
    /// channel starts from it, too, where `destination` is its own.
    public var localAddress: String?

    /// A path to `destination`, from `localAddress` if one is given.
    public init(destination: MigrationURI, localAddress: String? = nil) {
        self.destination = destination
        self.localAddress = localAddress
    }

    /// Reads `URI` or `URI,LOCAL-ADDRESS`.
    ///
    /// - Throws: ``TransportError/invalidURI(_:reason:)``.
    public init(parsing text: String) throws(TransportError) {
        let parts = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        destination = try MigrationURI(parsing: String(parts[0]))
        guard parts.count == 2 else { return }
        guard !parts[1].isEmpty, case .tcp = destination else {
            throw .invalidURI(text, reason: "a local address goes with tcp: only, and is not empty")
        }
        localAddress = String(parts[1])
    }
}
