import Logging
import Synchronization

extension Coordinator {
    /// What all channels have sent, lost ones included.
    var currentCounts: TransferCounts {
        TransferCounts(of: channels.lazy.map(\.counters), mainBytes: main?.bytesSent ?? 0)
    }

    private var guestInfo: GuestInfo {
        var info = GuestInfo()
        info.ramBlocks = guest.memory.blocks.map { RAMBlockInfo(name: $0.name, size: $0.byteCount) }
        info.workload = guest.configuration.isEmpty ? nil : guest.configuration
        info.dirtyTracking = guest.dirtyLog?.name
        info.steps = guest.progress?.steps ?? []
        info.speed = statistics.guestSpeed
        info.recordingEnd = (guest as? any RecordedGuest)?.recordingEnd
        return info
    }

    /// Without a word a replay over a slower link than the recorded one would pass for a guest that converges there.
    func warnOfRecordingEnd() {
        guard let end = guestInfo.recordingEnd else { return }
        logger.warning(
            """
            the recording ended after \(end.millisecondsRoundedUp) ms, before the migration did, and its guest wrote nothing \
            from then on: that this migration converged does not say that the guest's would; record it over a link as slow
            """)
    }

    /// Called often: ends a migration that was cancelled or has taken too long, even while everything flows and nobody
    /// waits, and brings the report up to date.
    func publishIfDue() throws(MigrationError) {
        do { try state.patience.checkStop() } catch { throw .transport(error) }
        guard MonotonicTime.now.since(statistics.publishedAt) >= Patience.tick else { return }
        publish(statistics.pausedAt == nil ? .active : .device)
    }

    /// Brings the report up to date.
    func publish(_ status: MigrationStatus, error: MigrationError? = nil) {
        statistics.publishedAt = .now
        var info = statistics.info(
            status: status, counts: currentCounts, pending: pendingPageCount, ramByteCount: guest.memory.byteCount)
        let parameters = state.parameters
        info.uri = "\(uri)"
        info.parameters = parameters
        info.guest = guestInfo
        info.channels = channels.map(\.info)
        if parameters.xbzrle {
            info.xbzrleCache = statistics.deltaRates.info(
                currentCounts.deltas, cacheByteCount: cache?.byteCount ?? parameters.xbzrleCacheSize)
        }
        info.errorDescription = error.map { "\($0)" }
        info.verified = status == .completed
        var codecs = CodecCounts()
        for channel in channels { codecs += channel.counters.codecs.withLock { $0 } }
        info.codecs = codecs.info(parameters.multifdCompression, level: parameters.level)
        info.codecDecisions = codecs.decisions
        state.live.publish { $0 = info }
    }
}
