package import Multifd

/// A migration to simulate.
package struct Scenario: Hashable, Sendable, Codable {
    package var name: String
    package var guest: GuestModel
    package var link: LinkModel
    /// Nil without auto-converge.
    package var throttle: ThrottleParameters?
    /// What only the vCPUs that write are held to, without auto-converge.
    package var dirtyLimit: DirtyQuota?
    /// `throttle-trigger-threshold` of the dirty limit, in %.
    package var dirtyLimitThreshold: Int
    /// In seconds.
    package var downtimeLimit: Double
    /// `avail-switchover-bandwidth`: bytes a second that are promised for the switchover, 0 to estimate them.
    package var promisedBandwidth: Int
    /// Whether pages written again are sent as deltas.
    package var sendsDeltas: Bool
    /// The first iteration with deltas: a cache that cannot hold all RAM is not filled in the first, and has nothing for
    /// the second.
    package var firstDeltaIteration: Int
    /// Seconds after which a migration that has not completed is given up.
    package var timeout: Double
    /// Seconds that a sync takes for each GiB of RAM, whether or not anything was written.
    package var syncTimePerGiB: Double
    /// Seconds that it takes besides, whatever the RAM.
    package var fixedSyncTime: Double

    /// What a sync takes for a GiB in pages of 4 KiB of which none was written (measured, `bench/RESULTS.md`).
    package static let usualSyncTimePerGiB = 0.0002
    /// Seconds that a sync takes for each page that it finds written: 10 to 60 ns were measured.
    private static let syncTimePerWrittenPage = 50e-9

    package init(
        name: String, guest: GuestModel, link: LinkModel, throttle: ThrottleParameters? = nil,
        dirtyLimit: DirtyQuota? = nil, dirtyLimitThreshold: Int = ThrottleParameters().triggerThreshold,
        downtimeLimit: Double = 0.3, promisedBandwidth: Int = 0, sendsDeltas: Bool = false,
        firstDeltaIteration: Int = 2, timeout: Double = 3600, syncTimePerGiB: Double = usualSyncTimePerGiB,
        fixedSyncTime: Double = 0
    ) {
        self.name = name
        self.guest = guest
        self.link = link
        self.throttle = throttle
        self.dirtyLimit = dirtyLimit
        self.dirtyLimitThreshold = dirtyLimitThreshold
        self.downtimeLimit = downtimeLimit
        self.promisedBandwidth = promisedBandwidth
        self.sendsDeltas = sendsDeltas
        self.firstDeltaIteration = firstDeltaIteration
        self.timeout = timeout
        self.syncTimePerGiB = syncTimePerGiB
        self.fixedSyncTime = fixedSyncTime
    }

    /// Whether it is known what deltas have of the pages that are written.
    package var knowsDeltas: Bool { guest.regions.allSatisfy { $0.changedShare != nil } }

    /// What of the guest could not be told, each in a line.
    package var caveats: [String] { [rateCaveat, deltaCaveat].compactMap(\.self) }

    private var deltaCaveat: String? {
        guard sendsDeltas, let region = guest.regions.first(where: { $0.isChangedShareAssumed && $0.byteCount > 0 }),
            let share = region.changedShare
        else { return nil }
        return
            "the run sent too few deltas to tell what they have of a page: taken to be \(share) (give --changed-share)"
    }

    private var rateCaveat: String? {
        guard let region = guest.regions.first(where: \.isRateLowerBound) else { return nil }
        return "the guest rewrote all of its working set whenever it was looked at, at "
            + "\(Int(saturating: region.writeRate).byteText)/s at least: if it writes faster, a throttled migration takes "
            + "longer than this (give --rate, or fit a throttled run)"
    }

    /// Seconds that a sync takes which finds `bytes` of pages written.
    package func syncTime(finding bytes: Double = 0) -> Double {
        fixedSyncTime + Double(guest.ramByteCount) / 1_073_741_824 * syncTimePerGiB
            + bytes / Double(Page.byteCount) * Self.syncTimePerWrittenPage
    }

    /// What a switchover takes beside the transfer of pages. Its sync follows on another, and finds next to no page.
    package var switchoverOverhead: SwitchoverOverhead {
        SwitchoverOverhead(
            finalSync: .seconds(syncTime()),
            deviceState: .seconds(Double(guest.deviceStateByteCount) / link.wireRate),
            commit: .seconds(2.5 * link.roundTrip))
    }

    private enum CodingKeys: String, CodingKey {
        case name, guest, link, throttle
        case dirtyLimit = "dirty-limit"
        case dirtyLimitThreshold = "dirty-limit-threshold"
        case downtimeLimit = "downtime-limit"
        case promisedBandwidth = "avail-switchover-bandwidth"
        case sendsDeltas = "deltas"
        case firstDeltaIteration = "first-delta-iteration"
        case timeout
        case syncTimePerGiB = "sync-time-per-gib"
        case fixedSyncTime = "fixed-sync-time"
    }
}
