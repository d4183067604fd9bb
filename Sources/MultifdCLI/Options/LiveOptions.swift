import ArgumentParser
import Multifd

/// The migration parameters of a guest that runs while it is moved, whether a QEMU moves it or we do.
struct LiveOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Who looks for zero pages: nobody, the coordinator or the channels. (default: multifd)", valueName: "who"))
    var zeroPageDetection: Choice<ZeroPageDetection>?

    @Option(
        help: ArgumentHelp(
            "What to count on while the guest is paused. (default: 0, estimated)", valueName: "rate"),
        transform: ByteRate.init(parsing:))
    var availSwitchoverBandwidth: ByteRate?

    @Option(help: ArgumentHelp("For how long the guest may be paused, in ms. (default: 300)", valueName: "ms"))
    var downtimeLimit: Int?

    @Flag(help: "Send pages that were sent before as deltas against what was sent.")
    var xbzrle = false

    @Option(
        help: ArgumentHelp(
            "How much page content to keep for deltas, a power of two: as large as RAM it never misses. (default: 64MiB)",
            valueName: "size"),
        transform: ByteCount.init(parsing:))
    var xbzrleCacheSize: ByteCount?

    func validate() throws {
        try ValidationError.wrapping { try applied(to: MigrationParameters()).validate() }
    }

    /// `defaults` with what was asked for. Subcommands validate with it, too.
    func parameters(defaults: MigrationParameters) throws(ParameterError) -> MigrationParameters {
        let parameters = try applied(to: defaults)
        guard xbzrleCacheSize == nil || parameters.xbzrle else {
            throw .needless(name: "xbzrle-cache-size", without: "xbzrle")
        }
        return parameters
    }

    /// One of them that was asked for, if any was.
    var nameOfOneGiven: String? {
        let given: [(name: String, isGiven: Bool)] = [
            ("xbzrle", xbzrle), ("xbzrle-cache-size", xbzrleCacheSize != nil),
            ("zero-page-detection", zeroPageDetection != nil), ("downtime-limit", downtimeLimit != nil),
            ("avail-switchover-bandwidth", availSwitchoverBandwidth != nil),
        ]
        return given.first(where: \.isGiven)?.name
    }

    private func applied(to defaults: MigrationParameters) throws(ParameterError) -> MigrationParameters {
        var parameters = defaults
        if let zeroPageDetection {
            parameters.zeroPageDetection = try zeroPageDetection.value(of: "zero-page-detection")
        }
        if let availSwitchoverBandwidth { parameters.availSwitchoverBandwidth = availSwitchoverBandwidth.rawValue }
        if let downtimeLimit { parameters.downtimeLimit = .milliseconds(downtimeLimit) }
        if xbzrle { parameters.xbzrle = true }
        if let xbzrleCacheSize { parameters.xbzrleCacheSize = xbzrleCacheSize.rawValue }
        return parameters
    }
}
