import ArgumentParser
import Multifd

/// A throttle policy and what it can be told, for commands that throttle, simulate and replay.
struct PolicyOptions: ParsableArguments {
    @Option(
        name: [.long, .customLong("policy")],
        help: ArgumentHelp(
            "What decides when and how far to throttle. (default: predictive; dynamic when one of its parameters is given)",
            valueName: "policy"))
    var throttlePolicy: Choice<ThrottlePolicy>?

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

    @Flag(help: "The policy tailslow under the name it shipped with.")
    var cpuThrottleTailslow = false

    @Flag(help: "Step also when the dirty ratio has risen twice.")
    var cpuResponsiveThrottle = false

    @Flag(inversion: .prefixedNo, help: "Sync within long iterations too. (default: --cpu-periodic-throttle)")
    var cpuPeriodicThrottle: Bool?

    @Option(help: ArgumentHelp("How often, 1...10 s. (default: 5)", valueName: "s"))
    var cpuPeriodicThrottleInterval: Int?

    @Option(
        help: ArgumentHelp("tailslow-parameters: steps shrink from here on. (default: 100, never)", valueName: "%"))
    var cpuThrottleTailStart: Int?

    @Option(
        help: ArgumentHelp("tailslow-parameters: such a step's share of what remains. (default: 100)", valueName: "%"))
    var cpuThrottleTailRate: Int?

    @Option(help: ArgumentHelp("geometric: a step's share of what remains. (default: 30)", valueName: "%"))
    var cpuThrottleGeometricRate: Int?

    func validate() throws {
        do {
            try parameters().validate()
        } catch {
            throw ValidationError(error.description)
        }
    }

    /// `defaults` with what was asked for.
    func parameters(
        defaults: ThrottleParameters = ThrottleParameters()
    ) throws(ParameterError) -> ThrottleParameters {
        var parameters = defaults
        if let throttlePolicy {
            parameters.policy = try throttlePolicy.value(of: "throttle-policy")
        } else if givesStep, parameters.policy == .predictive {
            parameters.policy = .dynamic
        }
        if cpuThrottleTailslow {
            guard throttlePolicy == nil || parameters.policy == .tailslow else {
                throw .tailslowWithPolicy(parameters.policy)
            }
            parameters.policy = .tailslow
        }
        if let throttleTriggerThreshold { parameters.triggerThreshold = throttleTriggerThreshold }
        if let cpuThrottleInitial { parameters.initial = cpuThrottleInitial }
        if let cpuThrottleIncrement { parameters.increment = cpuThrottleIncrement }
        if let maxCpuThrottle { parameters.maximum = maxCpuThrottle }
        if cpuResponsiveThrottle { parameters.isResponsive = true }
        if let cpuPeriodicThrottle { parameters.isPeriodic = cpuPeriodicThrottle }
        if let cpuPeriodicThrottleInterval {
            guard parameters.isPeriodic else {
                throw .needless(name: "cpu-periodic-throttle-interval", without: "cpu-periodic-throttle")
            }
            parameters.periodicInterval = cpuPeriodicThrottleInterval
        }
        if let cpuThrottleTailStart { parameters.tailStart = cpuThrottleTailStart }
        if let cpuThrottleTailRate { parameters.tailRate = cpuThrottleTailRate }
        if let cpuThrottleGeometricRate { parameters.geometricRate = cpuThrottleGeometricRate }
        return parameters
    }

    /// Whether a parameter of the policies that step was asked for: who gives QEMU's parameters gets QEMU's policy.
    private var givesStep: Bool {
        throttleTriggerThreshold != nil || cpuThrottleInitial != nil || cpuThrottleIncrement != nil
            || cpuResponsiveThrottle || cpuPeriodicThrottle != nil || cpuPeriodicThrottleInterval != nil
    }

    /// The parameter that was asked for, if any was: one of them, for an error.
    var nameOfOneGiven: String? {
        let given: [(name: String, isGiven: Bool)] = [
            ("throttle-policy", throttlePolicy != nil),
            ("throttle-trigger-threshold", throttleTriggerThreshold != nil),
            ("cpu-throttle-initial", cpuThrottleInitial != nil),
            ("cpu-throttle-increment", cpuThrottleIncrement != nil),
            ("max-cpu-throttle", maxCpuThrottle != nil),
            ("cpu-throttle-tailslow", cpuThrottleTailslow),
            ("cpu-responsive-throttle", cpuResponsiveThrottle),
            ("cpu-periodic-throttle", cpuPeriodicThrottle != nil),
            ("cpu-periodic-throttle-interval", cpuPeriodicThrottleInterval != nil),
            ("cpu-throttle-tail-start", cpuThrottleTailStart != nil),
            ("cpu-throttle-tail-rate", cpuThrottleTailRate != nil),
            ("cpu-throttle-geometric-rate", cpuThrottleGeometricRate != nil),
        ]
        return given.first(where: \.isGiven)?.name
    }
}
