import ArgumentParser
import Multifd
import MultifdSimulator

/// The guest and the link of a simulated migration. What is not given is taken from the run that is fitted, or has the
/// default.
struct ScenarioOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The guest's memory. (default: 4GiB)", valueName: "size"),
        transform: ByteCount.init(parsing:))
    var ram: ByteCount?

    @Option(help: ArgumentHelp("Virtual CPUs. (default: 2)", valueName: "count"))
    var vcpus: Int?

    @Option(
        help: ArgumentHelp("What each vCPU keeps rewriting, of its own. (default: 25MiB)", valueName: "size"),
        transform: ByteCount.init(parsing:))
    var workingSet: ByteCount?

    @Option(
        help: ArgumentHelp("How fast each does, unthrottled. (default: 100MB/s)", valueName: "rate"),
        transform: ByteRate.init(parsing:))
    var rate: ByteRate?

    @Option(help: ArgumentHelp("Which page is written next. (default: sequential)", valueName: "which"))
    var pattern: Choice<WriteRegion.Pattern>?

    @Option(help: ArgumentHelp("Zero pages among those never written, 0...1. (default: 0.5)", valueName: "share"))
    var zeroShare: Double?

    @Option(help: ArgumentHelp("What a codec leaves of a page, 0...1. (default: 1)", valueName: "share"))
    var compressedShare: Double?

    @Option(
        help: ArgumentHelp(
            "How much of a page its delta takes, 0...1. (default: 0.1; as in the run that is fitted)",
            valueName: "share"))
    var changedShare: Double?

    @Flag(
        inversion: .prefixedNo,
        help: "Send pages that were sent before as deltas. (default: as in the run that is fitted, else not)")
    var xbzrle: Bool?

    @Option(
        help: ArgumentHelp("The size of the device state. (default: 1MiB)", valueName: "size"),
        transform: ByteCount.init(parsing:))
    var deviceState: ByteCount?

    @Option(
        help: ArgumentHelp("What the link carries. (default: 10Gbit/s)", valueName: "rate"),
        transform: ByteRate.init(parsing:))
    var bandwidth: ByteRate?

    @Option(help: ArgumentHelp("What the link takes one way, in ms. (default: 0.2)", valueName: "ms"))
    var latency: Double?

    @Option(help: ArgumentHelp("Channels. (default: 2)", valueName: "count"))
    var multifdChannels: Int?

    @Option(
        help: ArgumentHelp("How fast one channel reads, encodes and writes. (default: 1.5GB/s)", valueName: "rate"),
        transform: ByteRate.init(parsing:))
    var channelRate: ByteRate?

    @Option(
        help: ArgumentHelp("Over all channels. (default: 0, no limit)", valueName: "rate"),
        transform: ByteRate.init(parsing:))
    var maxBandwidth: ByteRate?

    @Option(help: ArgumentHelp("For how long the guest may be paused, in ms. (default: 300)", valueName: "ms"))
    var downtimeLimit: Int?

    @Option(
        help: ArgumentHelp(
            "What to count on while the guest is paused. (default: 0, estimated)", valueName: "rate"),
        transform: ByteRate.init(parsing:))
    var availSwitchoverBandwidth: ByteRate?

    @Option(help: ArgumentHelp("Give up after this time, in s. (default: 3600)", valueName: "s"))
    var timeout: Int?

    func validate() throws {
        for (name, share) in [
            ("zero-share", zeroShare), ("compressed-share", compressedShare), ("changed-share", changedShare),
        ] {
            guard let share, !(0...1).contains(share) else { continue }
            throw ValidationError("--\(name) is a share, 0 to 1, not \(share)")
        }
        try ValidationError.wrapping {
            let counts = [
                ("vcpus", vcpus, 4096), ("multifd-channels", multifdChannels, 255), ("timeout", timeout, 1_000_000_000),
            ]
            for (name, count, limit) in counts {
                guard let count, !(1...limit).contains(count) else { continue }
                throw ParameterError.outOfRange(name: name, valid: 1...limit, found: count)
            }
        }
        guard bandwidth?.rawValue != 0, channelRate?.rawValue != 0 else {
            throw ValidationError("--bandwidth and --channel-rate are more than 0: nothing would move")
        }
        guard (0...Self.longestLatency).contains(latency ?? 0) else {
            throw ValidationError("--latency is 0 to \(Int(Self.longestLatency)) ms, not \(latency ?? 0)")
        }
        guard (Page.byteCount...Self.largestRAM).contains(ram?.rawValue ?? Page.byteCount) else {
            throw ValidationError("--ram is at least a page, \(Page.byteCount) bytes, and at most 1 PiB")
        }
        guard (deviceState?.rawValue ?? 0) <= Self.largestRAM else {
            throw ValidationError("--device-state is at most 1 PiB")
        }
        try ValidationError.wrapping {
            var parameters = MigrationParameters()
            if let downtimeLimit { parameters.downtimeLimit = .milliseconds(downtimeLimit) }
            try parameters.validate()
            _ = try pattern?.value(of: "pattern")
        }
    }

    /// In ms.
    private static let longestLatency = 60_000.0
    private static let largestRAM = 1 << 50

    /// What is simulated when no run is fitted and no option given.
    static let defaults = Scenario(
        name: "a guest",
        guest: GuestModel(
            ramByteCount: 4 << 30,
            regions: [
                WriteRegion(
                    byteCount: 50 << 20, writeRate: 200e6, vcpuCount: 2, changedShare: WriteRegion.usualChangedShare)
            ],
            zeroShare: 0.5),
        link: LinkModel(bandwidth: LinkModel.usualBandwidth))

    /// `scenario` with what was asked for.
    func scenario(from scenario: Scenario) throws(ParameterError) -> Scenario {
        var result = scenario
        result.guest = try guest(from: scenario.guest)
        if let bandwidth { result.link.bandwidth = Double(bandwidth.rawValue) }
        if let latency { result.link.latency = latency / 1000 }
        if let multifdChannels { result.link.channelCount = multifdChannels }
        if let channelRate { result.link.channelRate = Double(channelRate.rawValue) }
        if let maxBandwidth { result.link.limit = Double(maxBandwidth.rawValue) }
        if let downtimeLimit { result.downtimeLimit = Double(downtimeLimit) / 1000 }
        if let availSwitchoverBandwidth { result.promisedBandwidth = availSwitchoverBandwidth.rawValue }
        if let timeout { result.timeout = Double(timeout) }
        if let xbzrle { result.sendsDeltas = xbzrle }
        return result
    }

    /// Throws for what was asked of deltas when there are none.
    func checkUse(sendsDeltas: Bool) throws(ParameterError) {
        guard changedShare == nil || sendsDeltas else { throw .needless(name: "changed-share", without: "xbzrle") }
    }

    /// That less is rewritten than was asked for, because RAM is no larger, in a line; nil if it is not so.
    func caveat(about guest: GuestModel, from original: GuestModel) -> String? {
        let asked = original.regions.reduce(0) { $0 + byteCount(of: $1, in: original) }
        guard asked > Double(guest.ramByteCount) else { return nil }
        let rewritten = guest.regions.reduce(0) { $0 + $1.byteCount }
        return
            "all vCPUs together are to rewrite \(Int(saturating: asked).byteText) of \(guest.ramByteCount.byteText) of RAM: "
            + "taken to be \(rewritten.byteText) (give more --ram, or less --working-set)"
    }

    /// What the run that was fitted does not tell of the link that is asked for, in a line; nil if it tells all of it.
    func caveat(about link: LinkModel, beyond fitted: LinkModel) -> String? {
        guard bandwidth == nil || channelRate == nil,
            link.wireRate > fitted.wireRate * Self.littleMore || link.channelCount > fitted.channelCount
        else { return nil }
        return "the run tells of \(fitted.channelCount.counted("channel")) and at most "
            + "\(Int(saturating: fitted.wireRate).byteText)/s: what more of either would move is a guess, and may be far too "
            + "much (give --bandwidth and --channel-rate)"
    }

    /// A run that is held to a limit moves somewhat less than that.
    private static let littleMore = 1.2

    /// Each vCPU goes on doing what it did, even when there are more of them, and the same share of them writes.
    private func vcpuCount(of region: WriteRegion, in guest: GuestModel) -> Int {
        let factor = Double(vcpus ?? guest.vcpuCount) / Double(max(guest.vcpuCount, 1))
        return max(1, Int((Double(region.vcpuCount) * factor).rounded()))
    }

    private func byteCount(of region: WriteRegion, in guest: GuestModel) -> Double {
        let own = workingSet.map { Double($0.rawValue) } ?? Double(region.byteCount) / Double(region.vcpuCount)
        return (own * Double(vcpuCount(of: region, in: guest))).rounded()
    }

    private func guest(from guest: GuestModel) throws(ParameterError) -> GuestModel {
        var result = guest
        if let ram { result.ramByteCount = ram.rawValue }
        if let zeroShare { result.zeroShare = zeroShare }
        if let compressedShare { result.compressedShare = compressedShare }
        if let deviceState { result.deviceStateByteCount = deviceState.rawValue }
        for index in result.regions.indices {
            let before = result.regions[index]
            let vcpuCount = vcpuCount(of: before, in: guest)
            let ownRate = rate.map { Double($0.rawValue) } ?? before.writeRate / Double(before.vcpuCount)
            result.regions[index].vcpuCount = vcpuCount
            result.regions[index].byteCount = Int(
                saturating: min(byteCount(of: before, in: guest), Double(result.ramByteCount)))
            result.regions[index].writeRate = ownRate * Double(vcpuCount)
            if rate != nil { result.regions[index].isRateLowerBound = false }
            if let pattern { result.regions[index].pattern = try pattern.value(of: "pattern") }
            if compressedShare != nil { result.regions[index].compressedShare = nil }
            if let changedShare {
                result.regions[index].changedShare = changedShare
                result.regions[index].isChangedShareAssumed = false
            }
        }
        result.vcpuCount = vcpus ?? guest.vcpuCount
        result.fitRegions()
        return result
    }
}
