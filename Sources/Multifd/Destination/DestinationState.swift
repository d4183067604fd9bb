import Synchronization

/// What the destination's threads share with those who watch and steer a migration.
final class DestinationState: Sendable {
    let patience: Patience
    private let shared: Mutex<Shared>
    private let live: LiveReport

    private struct Shared {
        var startedAt: MonotonicTime?
        var compression = MultifdCompression.none
        /// What a foreign source sends beside its channels.
        var mainCounters: ChannelCounters?
        var acceptor: Acceptor?
        var target: any MigrationTarget
    }

    init(uri: MigrationURI, target: any MigrationTarget, patience: Patience) {
        self.patience = patience
        var info = MigrationInfo()
        info.uri = "\(uri)"
        live = LiveReport(info, keeping: 256)
        shared = Mutex(Shared(target: target))
    }

    var events: AsyncStream<MigrationEvent> { live.events }

    /// A source has announced its guest.
    func begin(_ setup: SessionSetup, compression: MultifdCompression, acceptor: Acceptor) {
        shared.withLock { shared in
            shared.startedAt = .now
            shared.compression = compression
            shared.acceptor = acceptor
        }
        live.change { info in
            info.ram.total = setup.ramByteCount
            var parameters = MigrationParameters()
            parameters.multifdChannels = Int(setup.channelCount)
            parameters.multifdCompression = compression
            parameters.level = Int(setup.level)
            parameters.verifyMemory = setup.features.contains(.memoryDigest)
            parameters.xbzrle = setup.features.contains(.deltas)
            info.agree(on: parameters)
            var guest = GuestInfo()
            guest.ramBlocks = setup.blocks.map { RAMBlockInfo(name: $0.name, size: Int($0.byteCount)) }
            guest.workload = setup.guestConfiguration.isEmpty ? nil : setup.guestConfiguration
            info.guest = guest
        }
    }

    /// A source of another program has announced its guest.
    func begin(_ memory: GuestMemory, mainCounters: ChannelCounters, acceptor: Acceptor) {
        shared.withLock { shared in
            shared.startedAt = .now
            shared.mainCounters = mainCounters
            shared.acceptor = acceptor
        }
        live.change { info in
            info.ram.total = memory.byteCount
            var guest = GuestInfo()
            guest.ramBlocks = memory.blocks.map { RAMBlockInfo(name: $0.name, size: $0.byteCount) }
            info.guest = guest
        }
    }

    func update(_ change: (inout MigrationInfo) -> Void) { live.publish(change, as: current) }

    func finish(_ failure: MigrationError?) {
        update { info in
            info.status = failure.map { $0.isCancellation ? .cancelled : .failed } ?? .completed
            info.errorDescription = failure.map { "\($0)" }
            info.verified = info.verified && failure == nil
        }
        let last = info
        live.change { $0 = last }
        shared.withLock { $0.acceptor = nil }
        live.end()
    }

    /// The report, brought up to now.
    var info: MigrationInfo { current(live.info) }

    private func current(_ info: MigrationInfo) -> MigrationInfo { shared.withLock { current(info, $0) } }

    private func current(_ stored: MigrationInfo, _ shared: borrowing Shared) -> MigrationInfo {
        var info = stored
        guard let startedAt = shared.startedAt, let acceptor = shared.acceptor else { return info }
        let channels = acceptor.channels
        let time = MonotonicTime.now.since(startedAt)
        info.totalTime = time
        info.channels = channels.map(\.info)
        let main = shared.mainCounters
        info.ram.normal = channels.reduce(main?.normal.value ?? 0) { $0 + $1.counters.normal.value }
        info.ram.duplicate = channels.reduce(main?.duplicate.value ?? 0) { $0 + $1.counters.duplicate.value }
        info.ram.normalBytes = info.ram.normal << Page.shift
        info.ram.multifdBytes = channels.reduce(0) { $0 + $1.counters.bytesIn.value }
        info.ram.transferred = info.ram.multifdBytes + (main?.bytesIn.value ?? 0)
        info.ram.mbps = Double(info.ram.transferred) * 8 / 1e6 / max(time.seconds, 1e-6)
        info.ram.pagesPerSecond = Int(Double(channels.reduce(0) { $0 + $1.counters.pages }) / max(time.seconds, 1e-6))
        if let progress = shared.target.progress { info.guest?.steps = progress.steps }
        var codecs = CodecCounts()
        for channel in channels { codecs += channel.counters.codecs.withLock { $0 } }
        let compression = channels.lazy.compactMap(\.compression).first ?? shared.compression
        info.codecs = codecs.info(compression, level: info.parameters?.level)
        return info
    }
}
