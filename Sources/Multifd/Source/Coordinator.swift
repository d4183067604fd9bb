import Logging

/// Drives a migration at the source, on a thread of its own: sync, iterate, and in the end switch over.
///
/// Everything here is touched by that thread alone; what others may see or steer is in ``SourceState``.
final class Coordinator {
    let guest: any Guest
    let uri: MigrationURI
    let paths: [MigrationPath]
    let state: SourceState
    let deadlines: Deadlines
    let logger: Logger

    var bitmap: MigrationBitmap
    var channels: [SendChannel] = []
    /// Numbers of the channels that are gone.
    var lostChannels: Set<Int> = []
    let queue: BatchQueue
    let gate: BarrierGate
    var main: MainChannel?
    var features: SessionFeatures = []
    /// What deltas are made against, with `xbzrle`.
    var cache: XBZRLECache?
    var estimator: SwitchoverEstimator
    /// Kept when memory is to be verified.
    var digest: IncrementalDigest?
    var statistics = SourceStatistics()
    /// Nil when the guest is not to be slowed.
    var throttle: (any GuestThrottle)?
    /// A sync within an iteration that is under way.
    var slicedSync: SlicedSync?
    /// Pages that channels have sent or are to send.
    private var queuedPageCount = 0
    private var queueBound: QueueBound
    /// The last barrier that was begun.
    private var barrier: UInt32 = 0
    private var isLogging = false
    /// When the destination last said, while nothing was asked, that it is at work.
    private var heardOfWork = MonotonicTime(nanoseconds: 0)
    /// Whether the guest has been asked to pause: it may have stopped in part even if that failed.
    var isPauseBegun = false

    init(
        guest: any Guest, uri: MigrationURI, paths: [MigrationPath], state: SourceState, deadlines: Deadlines,
        logger: Logger
    ) {
        self.guest = guest
        self.uri = uri
        self.paths = paths.isEmpty ? [MigrationPath(destination: uri)] : paths
        self.state = state
        self.deadlines = deadlines
        self.logger = logger
        bitmap = MigrationBitmap(of: guest.memory)
        let parameters = state.parameters
        // Deep enough that channels do not wait while the coordinator syncs or waits for a core: 30 ms at 8 GB/s.
        queue = BatchQueue(capacity: 512)
        queueBound = QueueBound(channelCount: parameters.multifdChannels)
        gate = BarrierGate(channelCount: parameters.multifdChannels)
        estimator = SwitchoverEstimator(promisedBandwidth: parameters.availSwitchoverBandwidth)
    }

    /// Migrates the guest. Whatever goes wrong before the handover, the guest runs on when this returns.
    func run() throws(MigrationError) {
        do {
            try migrate()
            end(telling: nil)
            publish(.completed)
            warnOfRecordingEnd()
        } catch {
            // First of all: to find the reason can take a moment.
            release(after: error)
            let failure = explain(error)
            end(telling: failure)
            publish(failure.isCancellation ? .cancelled : .failed, error: failure)
            throw failure
        }
    }

    private func migrate() throws(MigrationError) {
        statistics.begin(guest.progress)
        publish(.setup)
        state.begin()
        try setUp()

        if let log = guest.dirtyLog {
            try asking("start the dirty log") { try log.start() }
            isLogging = true
            throttle = try makeThrottle(state.parameters)
        }
        try markContent()
        try beginDigest()
        statistics.endSetup()
        // That all of RAM is marked counts as the first sync, as in QEMU.
        endSync(startedAt: .now)
        publish(.active)

        try iterate()
        try hashAhead()
        while let log = guest.dirtyLog, try !isReadyToSwitchOver() || (log as? any SteppedDirtyLog)?.hasMore == true {
            try iterate()
        }
        try switchOver()
    }

    /// Marks all RAM that may be anything but zero. The rest is zero at the destination already.
    private func markContent() throws(MigrationError) {
        for (block, ranges) in try contentRanges().enumerated() {
            for range in ranges { bitmap.mark(range, inBlock: block) }
        }
        statistics.untouchedZeroPages = guest.memory.pageCount - bitmap.takeMarks().dirtied
        if let cache, cache.isWorthFilling { rememberUntouchedPages(in: cache) }
    }

    /// When a page is written that is not marked now, its delta is one against zeros.
    private func rememberUntouchedPages(in cache: XBZRLECache) {
        for (block, ram) in guest.memory.blocks.enumerated() {
            for page in 0..<ram.pageCount where !bitmap.contains(page: page, inBlock: block) {
                cache.rememberZero(page: page, inBlock: block)
            }
        }
    }

    /// Per RAMBlock, where there may be anything but zero pages.
    func contentRanges() throws(MigrationError) -> [[Range<Int>]] {
        try working { () throws(MigrationError) in
            var ranges: [[Range<Int>]] = []
            for (index, block) in guest.memory.blocks.enumerated() {
                ranges.append(
                    try Multifd.asking("find the content of RAMBlock '\(block.name)'") {
                        try guest.contentRanges(ofBlock: index)
                    })
            }
            return ranges
        }
    }

    /// Ends everything that was begun.
    private func end(telling failure: MigrationError?) {
        releaseThrottle(at: failure)
        switch failure {
        // A guest that has been handed over is not taken back.
        case .refused?, .handoverUnconfirmed?, nil: break
        case let failure?: main?.refuse("\(failure)")
        }
        if isLogging { guest.dirtyLog?.stop() }
        // Channels may wait for their turn at the limiter, for long at a low rate.
        state.patience.stop()
        queue.close()
        gate.close()
        for channel in channels { channel.shutdown() }
        for channel in channels { channel.join() }
        main?.connection.shutdown()
    }

    /// Lets the guest run on, unless it may run at the destination.
    private func release(after failure: MigrationError) {
        if case .handoverUnconfirmed = failure { return logger.critical("\(failure)") }
        guard isPauseBegun else { return }
        do {
            try guest.resume()
        } catch {
            logger.critical("the guest could not be resumed after a failed migration: \(error)")
        }
    }

    /// What a low-level error means at this point.
    private func explain(_ error: MigrationError) -> MigrationError {
        guard error.isCancellation || error.isTransport else { return error }
        if state.patience.isStopped { return .cancelled }
        if state.isSwitchoverOverdue {
            return .switchoverTooSlow(after: switchoverLimit, downtimeLimit: state.parameters.downtimeLimit)
        }
        if state.patience.isPastDeadline {
            return .timedOut(
                after: state.parameters.timeout,
                reason: statistics.reasonForNonConvergence(downtimeLimit: state.parameters.downtimeLimit))
        }
        if case .transport(.stalled) = error { return error }
        return main?.lastRefusal ?? error
    }

    // MARK: Iterations

    /// Sends every page that is marked, and waits until the destination has applied them all.
    func iterate() throws(MigrationError) {
        prepareCache()
        statistics.beginIteration(currentCounts, guest.progress)
        var channelCount: Int
        var answer: Duration
        repeat {
            channelCount = channels.count - lostChannels.count
            try queueMarkedPages()
            answer = try passBarrier()
            // What a lost channel had sent is marked again. What else is marked, a sync has marked meanwhile.
        } while channels.count - lostChannels.count < channelCount
        let iteration = statistics.endIteration(currentCounts, guest.progress)
        estimator.record(
            pageCount: iteration.pages, zeroPageCount: iteration.duplicate, duration: iteration.duration)
        let isWorthAnother = statistics.roundTrip.record(
            afterIteration: answer, downtimeLimit: state.parameters.downtimeLimit)
        guard isWorthAnother, guest.dirtyLog != nil, statistics.pausedAt == nil else { return }
        statistics.roundTrip.record(idle: try passBarrier())
    }

    /// Ages the cache, and gives it the size that is asked for by now. No channel is at work.
    private func prepareCache() {
        guard let cache else { return }
        // A paused guest does not wait while entries are copied.
        let isPaused = statistics.pausedAt != nil
        if !isPaused {
            do {
                try cache.resize(toByteCount: state.parameters.xbzrleCacheSize)
            } catch {
                logger.warning("the xbzrle cache keeps its \(cache.byteCount) bytes: \(error)")
            }
        }
        cache.beginIteration(statistics.iterations.count + 1, isLast: isPaused)
    }

    /// Cuts what is marked into batches and queues them: the pages are the channels' then, and no longer marked.
    private func queueMarkedPages() throws(MigrationError) {
        let zeroPageDetection = state.parameters.zeroPageDetection
        queueBound.begin(bytesPerSecond: estimator.ramBytesPerSecond, sent: currentCounts.pages, at: .now)
        var batch = Batch()
        batch.detectsZeroPages = zeroPageDetection == .multifd
        batch.isFirst = statistics.iterations.isEmpty && lostChannels.isEmpty
        for block in guest.memory.blocks.indices {
            batch.block = block
            var next: Int? = 0
            while let first = next {
                try waitForRoom()
                (batch.pageCount, next) = bitmap.takePages(ofBlock: block, from: first, into: &batch.pages)
                guard batch.pageCount > 0 else { break }
                if let digest {
                    for index in 0..<batch.pageCount { digest.touch(Int(batch.pages[index]), ofBlock: block) }
                }
                if zeroPageDetection == .legacy {
                    do { try batch.moveZeroPagesBack(of: guest.memory.blocks[block]) } catch { throw .memory(error) }
                }
                while !queue.push(batch, until: nextTick) { try tick() }
                queuedPageCount += batch.pageCount
                try syncBetweenBatches()
                try publishIfDue()
            }
        }
    }

    /// Waits until little enough is queued. The pages stay marked meanwhile, and go once if the guest writes to them.
    private func waitForRoom() throws(MigrationError) {
        guard queueBound.isBounded else { return }
        var tickTime = nextTick
        while true {
            let sent = currentCounts.pages
            let now = MonotonicTime.now
            guard !queueBound.hasRoom(queued: queuedPageCount - sent, sent: sent, at: now) else { return }
            if now >= tickTime {
                try tick()
                tickTime = nextTick
            } else {
                Patience.sleep(for: .milliseconds(1))
            }
        }
    }

    /// Has every channel send a SYNC packet and the destination confirm that all is applied.
    ///
    /// - Returns: how long the destination took to answer.
    private func passBarrier() throws(MigrationError) -> Duration {
        barrier += 1
        var token = Batch()
        token.kind = .barrier(barrier)
        for _ in 0..<channels.count - lostChannels.count {
            while !queue.push(token, until: nextTick) { try tick() }
        }
        var progress = gate.waitForAll(at: barrier, until: nextTick)
        while progress == nil {
            try tick()
            try loseSilentChannel()
            progress = gate.waitForAll(at: barrier, until: nextTick)
        }
        try replaceLostChannels()
        let sent = MonotonicTime.now
        try send(.iterationEnd(barrier: barrier))
        try awaitReply("barrierReached \(barrier)", isAtBarrier: true) { $0 == .barrierReached(barrier: barrier) }
        let answer = MonotonicTime.now.since(sent)
        // Whatever a lost channel did not send is marked again.
        queuedPageCount = currentCounts.pages
        gate.open(barrier)
        return answer
    }

    /// A connection may be dead without an end, behind a broken link or tunnel: nobody waits for it longer than needed.
    ///
    /// A destination whose disk is slow says so. One at a time: that the destination confirms the loss shows that it is not the
    /// destination that stands still. When it did, the others move again by then.
    private func loseSilentChannel() throws(MigrationError) {
        let limit = state.patience.silenceLimit
        guard MonotonicTime.now.since(heardOfWork) >= limit,
            let number = gate.channelsMissing(at: barrier).first(where: { channels[$0].silence >= limit })
        else {
            return
        }
        let peer = "\(channels[number].path.destination)"
        gate.lose(channel: number, .transport(.stalled(peer: peer, after: limit)))
        try replaceLostChannels()
    }

    /// Merges the dirty log into the bitmap.
    func sync() throws(MigrationError) {
        guard let log = guest.dirtyLog else { return }
        let start = MonotonicTime.now
        try asking("sync the dirty log") {
            for (index, block) in guest.memory.blocks.enumerated() {
                try log.sync(0..<block.pageCount, ofBlock: index, into: &bitmap)
            }
        }
        slicedSync = nil
        endSync(startedAt: start)
    }

    /// Pages that are marked, or queued and not yet sent.
    var pendingPageCount: Int { bitmap.population + max(0, queuedPageCount - currentCounts.pages) }

    /// Called whenever the coordinator has waited for a tick.
    private func tick() throws(MigrationError) {
        do { try state.patience.check(peer: "\(uri)") } catch { throw .transport(error) }
        // Between barriers the destination has nothing to say but that it works, or why it gives up. Its channels may be stuck
        // then.
        if let main, main.connection.isReadable {
            let message = try main.receiveNext()
            guard message == .working else {
                throw .unexpectedMessage(expected: "no message before the end of the iteration", found: message.name)
            }
            heardOfWork = .now
        }
        if gate.channels.allSatisfy(\.isLost) { try replaceLostChannels() }
        try syncWithinIteration()
        try publishIfDue()
    }
}
