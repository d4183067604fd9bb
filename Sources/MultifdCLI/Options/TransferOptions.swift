import ArgumentParser
import Multifd

/// The migration parameters that every transfer takes, also one out of or into a QEMU. What is not given keeps the
/// default of the subcommand.
struct TransferOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Channels that carry pages, 1...255. (default: 2; demo: 4)", valueName: "count"))
    var multifdChannels: Int?

    @Option(
        help: ArgumentHelp(
            "How channels encode pages: none, zlib, zstd or, not with a QEMU, auto. (default: none; demo: zstd)",
            valueName: "codec"))
    var multifdCompression: Choice<MultifdCompression>?

    @Option(help: ArgumentHelp("0 (stored) to 9 (smallest). (default: 1)", valueName: "level"))
    var multifdZlibLevel: Int?

    // Unconditional: a negative level begins with a dash.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("-7 (fastest; where a QEMU sends, 0) to 20 (smallest). (default: 1)", valueName: "level"))
    var multifdZstdLevel: Int?

    @Option(
        help: ArgumentHelp("Over all channels: 100MB/s, 1.5Gbit/s, ... (default: 0, no limit)", valueName: "rate"),
        transform: ByteRate.init(parsing:))
    var maxBandwidth: ByteRate?

    @Option(
        help: ArgumentHelp(
            "Give up after this time, in s, and leave the guest at the source. (default: 0, never)", valueName: "s"))
    var timeout: Int?

    func validate() throws {
        try ValidationError.wrapping { try applied(to: MigrationParameters()).validate() }
    }

    /// `defaults` with what was asked for. Subcommands validate with it, too: what does nothing beside the rest, only
    /// their defaults tell.
    func parameters(
        defaults: MigrationParameters = MigrationParameters()
    ) throws(ParameterError) -> MigrationParameters {
        let parameters = try applied(to: defaults)
        for (level, codec) in [(multifdZlibLevel, MultifdCompression.zlib), (multifdZstdLevel, .zstd)] {
            guard level == nil || parameters.multifdCompression == codec else {
                throw .needless(
                    name: "multifd-\(codec.rawValue)-level", without: "multifd-compression \(codec.rawValue)")
            }
        }
        return parameters
    }

    private func applied(to defaults: MigrationParameters) throws(ParameterError) -> MigrationParameters {
        var parameters = defaults
        if let multifdChannels { parameters.multifdChannels = multifdChannels }
        if let multifdCompression {
            parameters.multifdCompression = try multifdCompression.value(of: "multifd-compression")
        }
        if let multifdZlibLevel { parameters.multifdZlibLevel = multifdZlibLevel }
        if let multifdZstdLevel { parameters.multifdZstdLevel = multifdZstdLevel }
        if let maxBandwidth { parameters.maxBandwidth = maxBandwidth.rawValue }
        if let timeout { parameters.timeout = .seconds(timeout) }
        return parameters
    }
}
