package import Logging

/// What a ``ForeignProtocol`` takes a guest in with: the destination's channels and its report.
package struct ForeignSession {
    package let patience: Patience
    package let deadlines: Deadlines
    package let logger: Logger
    private let acceptor: Acceptor
    private let state: DestinationState

    init(acceptor: Acceptor, state: DestinationState, deadlines: Deadlines, logger: Logger) {
        self.acceptor = acceptor
        self.state = state
        self.deadlines = deadlines
        self.logger = logger
        patience = state.patience
    }

    /// From here on channels are welcome, also those that have been waiting.
    ///
    /// - Parameter mainCounters: what comes on the main connection, for the report.
    package func open(_ target: IncomingMemory, barrier: ReceiveBarrier, mainCounters: ChannelCounters) {
        state.begin(target.memory, mainCounters: mainCounters, acceptor: acceptor)
        acceptor.open(
            Acceptor.Session(
                id: nil,
                channel: ReceiveChannel.Session(target: target, rules: .qemu, barrier: barrier, patience: patience)))
    }

    /// The channels that have come, in order.
    package var channels: [ReceiveChannel] { acceptor.channels }

    /// Waits until that many channels have come. Returns false when the deadline passed first.
    package func waitForChannels(_ count: Int, until deadline: MonotonicTime) -> Bool {
        acceptor.waitForChannels(count, until: deadline)
    }

    /// What the channels call the session, once one has come.
    package var id: SessionID? { acceptor.sessionID }

    /// Waits until the source, whose main connection has ended, has ended its channels: for a second at most. Their barrier
    /// must have been closed.
    ///
    /// - Parameter time: how long channels may still be on their way.
    package func leaveChannels(after time: Duration) { acceptor.leave(after: time) }

    /// Ends all channels. Their barrier must have been closed.
    package func closeChannels() { acceptor.close() }

    package func update(_ change: (inout MigrationInfo) -> Void) { state.update(change) }
}
