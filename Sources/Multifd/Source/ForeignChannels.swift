/// The channels of a source whose main connection speaks another protocol: packets without extensions, and no recovery
/// when a channel is lost. Used by one thread.
package final class ForeignChannels {
    private let memory: GuestMemory
    private let channels: [SendChannel]
    private let session: SendChannel.Session
    private let deadlines: Deadlines
    private var barrier: UInt32 = 0

    /// - Parameters:
    ///   - id: what the channels call their session.
    ///   - parameters: how they encode.
    package init(
        of memory: GuestMemory, to uri: MigrationURI, id: SessionID, parameters: MigrationParameters,
        count: Int, limiter: BandwidthLimiter, patience: Patience, deadlines: Deadlines
    ) {
        self.memory = memory
        self.deadlines = deadlines
        session = SendChannel.Session(
            id: id,
            memory: memory,
            settings: PacketEncoder.Settings(
                compression: parameters.multifdCompression, level: parameters.level, rules: .qemu),
            queue: BatchQueue(capacity: 512),
            gate: BarrierGate(channelCount: count),
            limiter: limiter,
            patience: patience,
            connectDeadline: deadlines.connect)
        channels = (0..<count).map {
            SendChannel(number: $0, path: MigrationPath(destination: uri), memory: memory)
        }
    }

    package var count: Int { channels.count }
    package var info: [ChannelInfo] { channels.map(\.info) }

    /// Connects all channels.
    package func start() throws(MigrationError) {
        for channel in channels { channel.start(session) }
        while session.gate.waitForConnections(until: .now + Patience.tick) == nil {}
        try check()
    }

    /// Has the channels send pages, and returns as soon as they are queued.
    package func send(_ pages: Range<Int>, ofBlock block: Int) throws(MigrationError) {
        var batch = Batch()
        batch.block = block
        for first in stride(from: pages.lowerBound, to: pages.upperBound, by: Page.countPerBatch) {
            batch.pageCount = min(Page.countPerBatch, pages.upperBound - first)
            for index in 0..<batch.pageCount { batch.pages[index] = UInt32(first + index) }
            while !session.queue.push(batch, until: .now + Patience.tick) { try check() }
        }
    }

    /// Has every channel send its SYNC, and waits until all are out. The channels then wait for ``goOn()``.
    package func reachBarrier() throws(MigrationError) {
        barrier += 1
        var token = Batch()
        token.kind = .barrier(barrier)
        for _ in channels {
            while !session.queue.push(token, until: .now + Patience.tick) { try check() }
        }
        while session.gate.waitForAll(at: barrier, until: .now + Patience.tick) == nil { try check() }
        try check()
    }

    /// Lets the channels send what comes after the barrier.
    package func goOn() { session.gate.open(barrier) }

    /// Ends all channels.
    package func close() {
        session.queue.close()
        session.gate.close()
        for channel in channels { channel.shutdown() }
        for channel in channels { channel.join() }
    }

    private func check() throws(MigrationError) {
        for case .lost(let error) in session.gate.channels { throw error }
        do {
            try session.patience.check(peer: channels.first.map { "\($0.path.destination)" } ?? "")
        } catch {
            throw .transport(error)
        }
    }
}
