package import Multifd

/// Finds the models of guest and link that make a live migration's report come out again, so that a user can ask what
/// would have been: with more channels, another policy, half the link.
///
/// It looks at what every report has: how long iterations took, what the guest dirtied in them, and how it was throttled.
/// How fast a built-in guest writes, it counts itself.
package struct RunFit {
    let report: MigrationInfo
    private let parameters: MigrationParameters
    /// Passes with the guest running, up to those that the report leaves out.
    let iterations: [IterationInfo]
    /// What all passes with the guest running took, and how many they were.
    let passes: (time: Duration, count: Int)

    /// - Throws: ``RunFitError`` when the report has too little in it.
    package init(_ report: MigrationInfo) throws(RunFitError) {
        self.report = report
        guard let parameters = report.parameters else { throw .noParameters }
        if let name = report.nameOfImplausible { throw .implausible(name: name) }
        do throws(ParameterError) {
            try parameters.validate()
        } catch {
            throw .parameters(error)
        }
        self.parameters = parameters
        let listed = report.hasPausedIteration ? report.iterations.dropLast() : report.iterations[...]
        let leftOut = report.iterationsLeftOut
        iterations = leftOut == nil ? Array(listed) : listed.untilGap
        passes = (
            listed.reduce(leftOut?.duration ?? .zero) { $0 + $1.duration }, listed.count + (leftOut?.count ?? 0)
        )
        guard !iterations.isEmpty, report.ram.total > 0 else { throw .noIteration }
    }

    /// The migration as it went, to be simulated.
    package var scenario: Scenario {
        var region = writtenRegion
        region.changedShare = changedShare
        if parameters.xbzrle, changedShare == nil {
            region.changedShare = WriteRegion.usualChangedShare
            region.isChangedShareAssumed = true
        }
        // With deltas the later iterations tell of these only.
        if !parameters.xbzrle { region.compressedShare = telling.wireShare }
        let untouched = max(report.ram.total - region.byteCount, 1)
        let zeroShare = min(1, Double(iterations[0].duplicate << Page.shift) / Double(untouched))
        let syncTimes = syncTimes
        return Scenario(
            name: report.guest?.workload ?? report.uri ?? "a live run",
            guest: GuestModel(
                ramByteCount: report.ram.total, vcpuCount: vcpuCount, regions: [region], zeroShare: zeroShare,
                compressedShare: compressedShare(beside: region), deviceStateByteCount: 64 << 10),
            link: link, throttle: parameters.autoConverge ? parameters.throttle : nil, dirtyLimit: dirtyLimit,
            dirtyLimitThreshold: parameters.throttle.triggerThreshold, downtimeLimit: parameters.downtimeLimit.seconds,
            promisedBandwidth: parameters.availSwitchoverBandwidth, sendsDeltas: parameters.xbzrle,
            firstDeltaIteration: parameters.xbzrle ? firstWithDeltas + 1 : 2,
            timeout: parameters.timeout > .zero ? parameters.timeout.seconds : 3600,
            syncTimePerGiB: syncTimes.perGiB, fixedSyncTime: syncTimes.fixed)
    }

    /// A scan of a GiB takes 0.2 ms when no page was written and up to 4 ms when all were (measured). What a run's last sync
    /// took longer than the most of that did not come from its RAM, and does not grow with it: of a guest of 8 MiB nearly
    /// all of it.
    private static let longestSyncTimePerGiB = 0.004

    private var syncTimes: (perGiB: Double, fixed: Double) {
        let gibibytes = Double(report.ram.total) / 1_073_741_824
        guard let measured = report.downtimeBreakdown?.finalSync.seconds else {
            return (Scenario.usualSyncTimePerGiB, 0)
        }
        let perGiB = min(measured / gibibytes, Self.longestSyncTimePerGiB)
        return (perGiB, measured - perGiB * gibibytes)
    }

    private var dirtyLimit: DirtyQuota? {
        parameters.vcpuDirtyLimit.flatMap {
            try? DirtyQuota(mebibytesPerSecond: $0, period: parameters.vcpuDirtyLimitPeriod)
        }
    }

    // MARK: The link

    /// Less than this of pages that are not zero tells neither what a channel nor what the link moves, as for the
    /// switchover's estimate.
    private static let leastTellingBytes = 1_048_576.0

    /// Iterations long enough to tell a rate; but for very small guests never the first, of which zero pages are a part.
    private var telling: [IterationInfo] { later.isEmpty ? [iterations[0]] : later }

    /// Of them those after the first.
    private var later: [IterationInfo] { iterations.dropFirst().filter(Self.tells) }

    private static func tells(_ iteration: IterationInfo) -> Bool { iteration.pages - iteration.duplicate > 256 }

    private var seconds: Double { max(telling.reduce(0) { $0 + $1.duration.seconds }, 1e-6) }
    /// What a codec leaves of a page that is sent whole, on average: the first iteration tells, which has no deltas.
    private var compressedShare: Double {
        guard iterations[0].normal > 0 else { return telling.wireShare }
        return min(1, max(0.001, contentOfFirstIteration / Double(iterations[0].normal << Page.shift)))
    }

    /// Bytes on the wire of the first iteration but for the eight that tell where a page belongs: of many zero pages these
    /// may be more than all content.
    private var contentOfFirstIteration: Double {
        max(0, Double(iterations[0].transferred) - 8 * Double(iterations[0].pages))
    }

    /// What it leaves of a page never written: what the first iteration sent but for the region, of which the later ones tell.
    private func compressedShare(beside region: WriteRegion) -> Double {
        guard let written = region.compressedShare else { return compressedShare }
        let bytes = Double(iterations[0].normal << Page.shift) - Double(region.byteCount)
        guard bytes >= Self.leastTellingBytes else { return compressedShare }
        return min(1, max(0.001, (contentOfFirstIteration - written * Double(region.byteCount)) / bytes))
    }

    /// The place of the first iteration with deltas, the last one included; the second where there was none.
    private var firstWithDeltas: Int {
        report.iterations.dropFirst().firstIndex { $0.delta > 0 || $0.unchanged > 0 } ?? 1
    }

    /// What deltas had of the pages written, those included that were sent whole for want of one; nil when nothing tells.
    private var changedShare: Double? {
        let withDeltas = iterations.dropFirst(firstWithDeltas).filter(Self.tells)
        return parameters.xbzrle && !withDeltas.isEmpty ? min(1, withDeltas.wireShare / compressedShare) : nil
    }

    /// Bytes a second on the wire of the first iteration, which is sent whole: deltas may be too few to fill a link.
    private var rateOfFirstIteration: Double {
        parameters.xbzrle ? Double(iterations[0].transferred) / max(iterations[0].duration.seconds, 1e-6) : 0
    }

    private var link: LinkModel {
        let limit = Double(parameters.maxBandwidth)
        let count = max(report.channels.count, 1)
        guard telling.pageBytes >= Self.leastTellingBytes else {
            return LinkModel(
                bandwidth: LinkModel.usualBandwidth, limit: limit, latency: latency, channelCount: count,
                zeroPageRate: zeroPageRate(content: 0))
        }
        let wireRate = max(telling.total(\.transferred) / seconds, rateOfFirstIteration, 1)
        let encoding = report.channels.reduce(0) { $0 + $1.encodingTime.seconds }
        let writing = report.channels.reduce(0) { $0 + $1.writingTime.seconds }
        let bytesIn = report.channels.reduce(0) { $0 + Double($1.bytesIn) }
        var link = LinkModel(bandwidth: wireRate, latency: latency, channelCount: count)
        if encoding > 0, bytesIn >= Self.leastTellingBytes { link.channelRate = bytesIn / encoding }
        if limit > 0, wireRate > 0.85 * limit {
            // What the link itself would take is not known: as much as the channels could feed it.
            link.limit = wireRate
            link.bandwidth = max(wireRate, link.channelRate * Double(count) * telling.wireShare)
        } else if encoding > writing {
            link.channelRate = telling.pageBytes / seconds / Double(count)
            link.bandwidth = wireRate * 10
        }
        link.zeroPageRate = zeroPageRate(
            content: Double(iterations[0].normal << Page.shift) * link.secondsPerByte(wireShare: compressedShare))
        return link
    }

    /// What the first iteration tells, of which `content` seconds went to pages that are not zero.
    private func zeroPageRate(content: Double) -> Double {
        let zeroBytes = Double(iterations[0].duplicate << Page.shift)
        return min(1e13, max(1e9, zeroBytes / max(iterations[0].duration.seconds - content, 1e-9)))
    }

    /// From what the handover took, two ways and the guest's start.
    private var latency: Double {
        min(0.05, max(0.00002, (report.downtimeBreakdown?.resume.seconds ?? 0.0004) / 2))
    }
}

extension MigrationInfo {
    /// Whether the last iteration is the one with the guest paused: not only of a migration that completed, but also of one
    /// that failed after that.
    var hasPausedIteration: Bool {
        let iterationCount = iterations.count + (iterationsLeftOut?.count ?? 0)
        return status == .completed || ram.downtimeBytes > 0 && iterationCount == ram.iterationCount
    }
}

extension ArraySlice<IterationInfo> {
    /// Those before the first that does not follow on the one before it.
    fileprivate var untilGap: [IterationInfo] {
        enumerated().prefix { $0.element.iteration == $0.offset + 1 }.map(\.element)
    }
}

extension [IterationInfo] {
    fileprivate func total(_ key: KeyPath<IterationInfo, Int>) -> Double { reduce(0) { $0 + Double($1[keyPath: key]) } }

    /// Of pages that are not zero, deltas and pages found unchanged included.
    fileprivate var pageBytes: Double { Swift.max((total(\.pages) - total(\.duplicate)) * Double(Page.byteCount), 1) }

    /// Bytes on the wire for a byte of a page that is not zero.
    fileprivate var wireShare: Double { Swift.min(1, Swift.max(0.001, total(\.transferred) / pageBytes)) }
}
