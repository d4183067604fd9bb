/// Expects a downtime from what iterations lately achieved. Pure: it is told all it knows, by the live engine and by the
/// simulator alike.
///
/// The rate is in bytes of *RAM* per second, so compression, deltas and zero pages are in it. It errs towards a longer
/// downtime, because one above the limit is a defect and another iteration is cheap:
/// - The first iteration's zero pages do not count, while its whole duration does: fresh memory is full of pages that
///   cost nothing, and what a guest keeps writing is not.
/// - The rate is that of the last second of transfer or of the last iteration, whichever is lower.
/// - An iteration too small for its rate to mean anything (a limiter's burst hides the link, a barrier's round trip
///   hides the rate) tells two other things: the latency that comes on top, and what as few pages as that cost.
package struct SwitchoverEstimator: Sendable {
    /// One pass over the migration bitmap, as it went.
    private struct Iteration {
        var byteCount: Double
        var seconds: Double
        var bytesPerSecond: Double { byteCount / seconds }
    }

    /// A sync of the dirty log, as it went.
    private struct Sync {
        /// Pages that it found written.
        var pageCount: Int
        var seconds: Double
    }

    /// Iterations of at most this many bytes do not tell a rate.
    private static let smallByteCount = 1_048_576.0
    /// Seconds of transfer that the rate is taken over.
    private static let window = 1.0
    /// Room for what the rate does not tell: the last pages may compress less well than those before.
    private static let margin = 1.1
    /// How much larger than a past iteration the pending pages may be for it to be evidence of what they cost.
    private static let reach = 2.0
    /// Large iterations that are remembered: they fill the window unless each takes less than 60 ms.
    private static let rememberedLarge = 16
    /// Iterations of any size that are remembered. The worst of them counts: one that was lucky does not decide, and
    /// one that was not is forgotten soon.
    private static let rememberedLater = 3
    private static let rememberedSyncs = 4
    /// Seconds that a page which a sync finds written costs at most; 10 to 60 ns were measured.
    private static let longestPageCost = 100e-9

    /// Bytes per second that the user promised for the switchover, or 0 to estimate (QEMU: `avail-switchover-bandwidth`).
    package var promisedBandwidth: Int
    private var hasFirstIteration = false
    private var large: [Iteration] = []
    /// The last iterations, of any size, but never the first.
    private var later: [Iteration] = []
    /// The last syncs.
    private var syncs: [Sync] = []
    /// Seconds that a page which a sync finds written costs, nil while no syncs have told.
    private var pageCost: Double?

    package init(promisedBandwidth: Int = 0) {
        self.promisedBandwidth = promisedBandwidth
    }

    /// Learns from an iteration that has reached its barrier.
    ///
    /// - Parameters:
    ///   - pageCount: pages of the iteration, zero pages and unchanged pages included.
    ///   - zeroPageCount: those of them that were zero.
    ///   - duration: from the first batch to the barrier.
    package mutating func record(pageCount: Int, zeroPageCount: Int, duration: Duration) {
        let isFirst = !hasFirstIteration
        hasFirstIteration = true
        let counted = isFirst ? pageCount - zeroPageCount : pageCount
        guard counted > 0, duration > .zero else { return }

        let iteration = Iteration(
            byteCount: Double(counted) * Double(Page.byteCount), seconds: duration / .seconds(1))
        if !isFirst {
            later = (later + [iteration]).suffix(Self.rememberedLater)
        }
        if iteration.byteCount > Self.smallByteCount {
            large = (large + [iteration]).suffix(Self.rememberedLarge)
        }
    }

    /// Learns from a sync of the dirty log.
    ///
    /// - Parameter writtenPageCount: pages that it found written, whether they were marked already or not.
    package mutating func recordSync(writtenPageCount: Int, duration: Duration) {
        syncs = (syncs + [Sync(pageCount: writtenPageCount, seconds: duration.seconds)]).suffix(Self.rememberedSyncs)
        // Of two syncs that found about as many, chance decides which took longer.
        guard let fewest = syncs.min(by: { $0.pageCount < $1.pageCount }),
            let most = syncs.max(by: { $0.pageCount < $1.pageCount }),
            most.pageCount > 2 * fewest.pageCount
        else { return }
        let cost = (most.seconds - fewest.seconds) / Double(most.pageCount - fewest.pageCount)
        pageCost = min(max(0, cost), Self.longestPageCost)
    }

    /// How long the sync of the paused guest takes at most. It follows so soon on another that it finds next to no page
    /// written, and takes what the last syncs took but for their pages.
    package var finalSync: Duration { finalSync(withoutPagesOf: pageCost ?? 0) }

    /// How long it takes at least. The two differ as long as no syncs have told what a page costs, as those of a guest do not
    /// that always writes as much: that is no reason not to throttle it.
    package var leastFinalSync: Duration { finalSync(withoutPagesOf: pageCost ?? Self.longestPageCost) }

    private func finalSync(withoutPagesOf pageCost: Double) -> Duration {
        syncs.min { $0.pageCount < $1.pageCount }
            .map { .seconds(max(0, $0.seconds - pageCost * Double($0.pageCount))) } ?? .zero
    }

    /// Bytes of RAM per second as lately achieved, or nil while no iteration has told.
    package var ramBytesPerSecond: Double? {
        let iterations = large.isEmpty ? later : large
        guard let last = iterations.last else { return nil }

        var seconds = 0.0
        var byteCount = 0.0
        for iteration in iterations.reversed() where seconds < Self.window {
            let share = min(1, (Self.window - seconds) / iteration.seconds)
            seconds += iteration.seconds * share
            byteCount += iteration.byteCount * share
        }
        return min(byteCount / seconds, last.bytesPerSecond)
    }

    /// The downtime if the guest were paused now, or nil when nothing has told how fast pages move.
    ///
    /// - Parameters:
    ///   - pendingByteCount: bytes of RAM still to be sent.
    ///   - overhead: what is spent on anything but pages.
    package func expectedDowntime(pendingByteCount: Int, overhead: SwitchoverOverhead) -> Duration? {
        guard pendingByteCount > 0 else { return overhead.total }
        return transferSeconds(of: Double(pendingByteCount)).map { overhead.total + .seconds($0) }
    }

    /// Whether to pause the guest now: the expected downtime is known and within the limit, or no further iteration would
    /// make it shorter. QEMU, too, completes when nothing is pending, whatever its limit (`migration_iteration_run`).
    package func shouldSwitchOver(
        pendingByteCount: Int, downtimeLimit: Duration, overhead: SwitchoverOverhead
    ) -> Bool {
        // Memory can still be hashed while the guest runs.
        if pendingByteCount == 0, overhead.verification == .zero { return true }
        return expectedDowntime(pendingByteCount: pendingByteCount, overhead: overhead).map { $0 <= downtimeLimit }
            ?? false
    }

    /// Bytes of RAM that fit into the downtime limit, the target that a throttle aims the remaining pages at. Nil when
    /// nothing has told how fast pages move, 0 when the overhead alone exceeds the limit.
    package func affordableByteCount(downtimeLimit: Duration, overhead: SwitchoverOverhead) -> Int? {
        let seconds = (downtimeLimit - overhead.total) / .seconds(1)
        if promisedBandwidth > 0 { return Int(saturating: max(0, seconds) * Double(promisedBandwidth)) }
        guard let rate = ramBytesPerSecond else { return nil }
        return Int(saturating: max(0, seconds - latency(at: rate)) * rate / Self.margin)
    }

    /// Where the migration stands right after a sync, as far as a throttle has to know.
    ///
    /// - Parameter overhead: what the switchover takes beside the last pages when its sync takes that long.
    package func outlook(
        remainingByteCount: Int, syncDuration: Duration, downtimeLimit: Duration,
        overhead: (_ finalSync: Duration) -> SwitchoverOverhead
    ) -> MigrationOutlook {
        let least = overhead(leastFinalSync)
        let most = overhead(finalSync)
        // What a throttle aims at must be what the guest is paused for in the end: syncs that are all alike tell nothing
        // else. Where that is out of reach, less that is written shows how long the sync takes.
        let isSettled = syncs.count == Self.rememberedSyncs && most.total < downtimeLimit
        let expected = isSettled ? most : least
        return MigrationOutlook(
            remainingByteCount: remainingByteCount, ramBytesPerSecond: ramBytesPerSecond,
            affordableByteCount: affordableByteCount(downtimeLimit: downtimeLimit, overhead: expected),
            syncDuration: syncDuration, switchoverOverhead: least.total, downtimeLimit: downtimeLimit)
    }

    private func transferSeconds(of byteCount: Double) -> Double? {
        if promisedBandwidth > 0 { return byteCount / Double(promisedBandwidth) }
        guard let rate = ramBytesPerSecond else { return nil }
        let byRate = byteCount / rate * Self.margin + latency(at: rate)
        return min(byRate, secondsByPrecedent(of: byteCount) ?? byRate)
    }

    /// What comes on top of the rate, whatever the number of pages.
    private func latency(at rate: Double) -> Double {
        guard !large.isEmpty else { return 0 }
        return later.filter { $0.byteCount <= Self.smallByteCount }
            .map { $0.seconds - $0.byteCount / rate }
            .reduce(0, max)
    }

    /// What about as many pages took before. Without it, a guest whose first iteration was slow for its few normal pages
    /// (it scanned many zero pages) and whose later ones are all small would wait for ever.
    private func secondsByPrecedent(of byteCount: Double) -> Double? {
        later.filter { $0.byteCount * Self.reach >= byteCount }
            .map { $0.seconds * max(1, byteCount / $0.byteCount) * Self.margin }
            .max()
    }
}
