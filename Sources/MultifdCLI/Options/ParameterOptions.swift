import ArgumentParser
import Multifd

/// The migration parameters, under their own names. What is not given keeps the default of the subcommand.
struct ParameterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Channels that carry pages, 1...255. (default: 2; demo: 4)", valueName: "count"))
    var multifdChannels: Int?

    @Option(
        help: ArgumentHelp(
            "How channels encode pages: none, zlib, zstd or auto. (default: none; demo: zstd)", valueName: "codec"))
    var multifdCompression: Choice<MultifdCompression>?

    @Option(help: ArgumentHelp("0 (stored) to 9 (smallest). (default: 1)", valueName: "level"))
    var multifdZlibLevel: Int?

    // Unconditional: a negative level begins with a dash.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("-7 (fastest) to 20 (smallest). (default: 1)", valueName: "level"))
    var multifdZstdLevel: Int?

    @Option(
        help: ArgumentHelp(
            "Who looks for zero pages: nobody, the coordinator or the channels. (default: multifd)", valueName: "who"))
    var zeroPageDetection: Choice<ZeroPageDetection>?

    @Option(
        help: ArgumentHelp("Over all channels: 100MB/s, 1.5Gbit/s, ... (default: 0, no limit)", valueName: "rate"),
        transform: ByteRate.init(parsing:))
    var maxBandwidth: ByteRate?

    @Option(
        help: ArgumentHelp(
            "What to count on while the guest is paused. (default: 0, estimated)", valueName: "rate"),
        transform: ByteRate.init(parsing:))
    var availSwitchoverBandwidth: ByteRate?

    @Option(help: ArgumentHelp("For how long the guest may be paused, in ms. (default: 300)", valueName: "ms"))
    var downtimeLimit: Int?

    @Option(
        help: ArgumentHelp(
            "Give up after this time, in s, and leave the guest at the source. (default: 0, never)", valueName: "s"))
    var timeout: Int?

    @Flag(help: "Send pages that were sent before as deltas against what was sent.")
    var xbzrle = false

    @Option(
        help: ArgumentHelp(
            "What deltas are made against: a power of two; as large as RAM it never misses. (default: 64MiB)",
            valueName: "size"),
        transform: ByteCount.init(parsing:))
    var xbzrleCacheSize: ByteCount?

    @Flag(help: "Hash all memory at both ends before the handover and compare: most of it while the guest runs.")
    var verifyMemory = false

    func validate() throws {
        try ValidationError.wrapping { try applied(to: MigrationParameters()).validate() }
    }

    /// Throws for what was asked for and does nothing when a guest that does not run is sent into a QEMU.
    func validateForSendingToQEMU() throws(ParameterError) {
        let given: [(name: String, isGiven: Bool)] = [
            ("xbzrle", xbzrle), ("xbzrle-cache-size", xbzrleCacheSize != nil), ("verify-memory", verifyMemory),
            ("zero-page-detection", zeroPageDetection != nil), ("downtime-limit", downtimeLimit != nil),
            ("avail-switchover-bandwidth", availSwitchoverBandwidth != nil),
        ]
        if let (name, _) = given.first(where: \.isGiven) { throw .notWithQEMU(name: name) }
    }

    /// `defaults` with what was asked for. Subcommands validate with it, too: what does nothing beside the rest, only their
    /// defaults tell.
    func parameters(
        defaults: MigrationParameters = MigrationParameters()
    ) throws(ParameterError) -> MigrationParameters {
        let parameters = try applied(to: defaults)
        try checkUse(in: parameters)
        return parameters
    }

    /// Refuses what does nothing beside the rest.
    private func checkUse(in parameters: MigrationParameters) throws(ParameterError) {
        guard xbzrleCacheSize == nil || parameters.xbzrle else {
            throw .needless(name: "xbzrle-cache-size", without: "xbzrle")
        }
        for (level, codec) in [(multifdZlibLevel, MultifdCompression.zlib), (multifdZstdLevel, .zstd)] {
            guard level == nil || parameters.multifdCompression == codec else {
                throw .needless(
                    name: "multifd-\(codec.rawValue)-level", without: "multifd-compression \(codec.rawValue)")
            }
        }
    }

    private func applied(to defaults: MigrationParameters) throws(ParameterError) -> MigrationParameters {
        var parameters = defaults
        if let multifdChannels { parameters.multifdChannels = multifdChannels }
        if let multifdCompression {
            parameters.multifdCompression = try multifdCompression.value(of: "multifd-compression")
        }
        if let multifdZlibLevel { parameters.multifdZlibLevel = multifdZlibLevel }
        if let multifdZstdLevel { parameters.multifdZstdLevel = multifdZstdLevel }
        if let zeroPageDetection {
            parameters.zeroPageDetection = try zeroPageDetection.value(of: "zero-page-detection")
        }
        if let maxBandwidth { parameters.maxBandwidth = maxBandwidth.rawValue }
        if let availSwitchoverBandwidth { parameters.availSwitchoverBandwidth = availSwitchoverBandwidth.rawValue }
        if let downtimeLimit { parameters.downtimeLimit = .milliseconds(downtimeLimit) }
        if let timeout { parameters.timeout = .seconds(timeout) }
        if xbzrle { parameters.xbzrle = true }
        if let xbzrleCacheSize { parameters.xbzrleCacheSize = xbzrleCacheSize.rawValue }
        if verifyMemory { parameters.verifyMemory = true }
        return parameters
    }
}
