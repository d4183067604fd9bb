import ArgumentParser
import Multifd

/// Whether and how a QEMU slows its guest down while it is saved: its own auto-converge, under its own names.
struct QEMUThrottleOptions: ParsableArguments {
    @Flag(help: "Have QEMU slow the guest down when it dirties pages faster than they are sent.")
    var autoConverge = false

    @OptionGroup
    var steps: ThrottleStepOptions

    @Flag(help: "Make the last steps smaller.")
    var cpuThrottleTailslow = false

    func validate() throws {
        try ValidationError.wrapping { try parameters(defaults: MigrationParameters()).validate() }
    }

    /// `defaults` with what was asked for.
    func parameters(defaults: MigrationParameters) throws(ParameterError) -> MigrationParameters {
        if let name = nameOfOneGiven, !autoConverge { throw .needless(name: name, without: "auto-converge") }
        var parameters = defaults
        parameters.autoConverge = autoConverge
        parameters.throttle = ThrottleParameters(policy: cpuThrottleTailslow ? .tailslow : .dynamic)
        steps.apply(to: &parameters.throttle)
        return parameters
    }

    private var nameOfOneGiven: String? {
        steps.given.first?.rawValue ?? (cpuThrottleTailslow ? "cpu-throttle-tailslow" : nil)
    }
}
