import ArgumentParser
import Multifd

/// The migration parameters between two ends of ours, under their own names. What is not given keeps the default of the
/// subcommand.
struct ParameterOptions: ParsableArguments {
    @OptionGroup
    var transfer: TransferOptions

    @OptionGroup
    var live: LiveOptions

    @Flag(
        help: """
            Hash all memory at both ends, most of it while the guest runs, and compare before the handover. (demo: always)
            """)
    var verifyMemory = false

    /// Throws for what was asked for and does nothing when a guest that does not run is sent into a QEMU.
    func validateForSendingToQEMU() throws(ParameterError) {
        if let name = live.nameOfOneGiven ?? (verifyMemory ? "verify-memory" : nil) { throw .notWithQEMU(name: name) }
    }

    /// `defaults` with what was asked for.
    func parameters(
        defaults: MigrationParameters = MigrationParameters()
    ) throws(ParameterError) -> MigrationParameters {
        var parameters = try live.parameters(defaults: transfer.parameters(defaults: defaults))
        if verifyMemory { parameters.verifyMemory = true }
        return parameters
    }
}
