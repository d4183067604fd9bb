import ArgumentParser
import Multifd

/// Whether and how a QEMU slows its guest down while it is saved: its own auto-converge, under its own names.
struct QEMUThrottleOptions: ParsableArguments {
    @Flag(help: "Have QEMU slow the guest down when it dirties pages faster than they are sent.")
    var autoConverge = false

    @Option(
        help: ArgumentHelp(
            "Throttle when more than this share of the bytes sent is dirtied, 1...100 %. (default: 50)", valueName: "%")
    )
    var throttleTriggerThreshold: Int?

    @Option(help: ArgumentHelp("The first throttle, 1...99 %. (default: 20)", valueName: "%"))
    var cpuThrottleInitial: Int?

    @Option(help: ArgumentHelp("What each step adds, 1...99 %. (default: 10)", valueName: "%"))
    var cpuThrottleIncrement: Int?

    @Option(help: ArgumentHelp("The highest throttle, up to 99 %. (default: 99)", valueName: "%"))
    var maxCpuThrottle: Int?

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
        if let throttleTriggerThreshold { parameters.throttle.triggerThreshold = throttleTriggerThreshold }
        if let cpuThrottleInitial { parameters.throttle.initial = cpuThrottleInitial }
        if let cpuThrottleIncrement { parameters.throttle.increment = cpuThrottleIncrement }
        if let maxCpuThrottle { parameters.throttle.maximum = maxCpuThrottle }
        return parameters
    }

    private var nameOfOneGiven: String? {
        let given: [(name: String, isGiven: Bool)] = [
            ("throttle-trigger-threshold", throttleTriggerThreshold != nil),
            ("cpu-throttle-initial", cpuThrottleInitial != nil),
            ("cpu-throttle-increment", cpuThrottleIncrement != nil),
            ("max-cpu-throttle", maxCpuThrottle != nil),
            ("cpu-throttle-tailslow", cpuThrottleTailslow),
        ]
        return given.first(where: \.isGiven)?.name
    }
}
