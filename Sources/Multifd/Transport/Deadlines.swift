/// How long each kind of wait may last. Nothing waits for ever.
public struct Deadlines: Hashable, Sendable {
    /// For a connection to be made, for each address of a host.
    public var connect = Duration.seconds(10)
    /// For a peer to say who it is after it has connected, and for the channels of a foreign session to arrive.
    public var handshake = Duration.seconds(10)
    /// For anything at all to move on any connection of a session. A channel that moves nothing for a third of this, while
    /// others wait for it at the end of an iteration, is done without.
    public var stall = Duration.seconds(30)
    /// For a paused guest to be handed over, or ten times ``MigrationParameters/downtimeLimit`` if that is longer. After
    /// that it runs on at the source.
    public var switchover = Duration.seconds(5)

    /// At a destination, for the whole migration, the wait for a source included; nil for no limit. A source has
    /// ``MigrationParameters/timeout`` for it.
    public var total: Duration?

    /// The defaults.
    public init() {}
}
