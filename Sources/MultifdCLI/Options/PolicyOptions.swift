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

    @OptionGroup
    var steps: ThrottleStepOptions

    @Flag(help: "The policy tailslow under the name it shipped with.")
    var cpuThrottleTailslow = false

    @Flag(
        name: [.long, .customLong("cpu-throttle-responsive")], help: "Also step when the dirty ratio has risen twice.")
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

    /// What else there is to check depends on what these are added to, which may be in a file.
    func validate() throws {
        try ValidationError.wrapping { _ = try policy(default: ThrottleParameters().policy) }
    }

    /// `defaults` with what was asked for.
    func parameters(
        defaults: ThrottleParameters = ThrottleParameters()
    ) throws(ParameterError) -> ThrottleParameters {
        let policy = try policy(default: defaults.policy)
        var parameters = policy == defaults.policy ? defaults : defaults.adapted(to: policy)
        for key in given { try parameters.checkIsRead(key) }
        steps.apply(to: &parameters)
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

    /// Who gives parameters of the policies that step gets QEMU's policy, unless one is named.
    private func policy(default defaultPolicy: ThrottlePolicy) throws(ParameterError) -> ThrottlePolicy {
        let named = try throttlePolicy?.value(of: "throttle-policy")
        if cpuThrottleTailslow {
            guard named == nil || named == .tailslow else { throw .tailslowWithPolicy(named ?? defaultPolicy) }
            return .tailslow
        }
        let isStep = given.contains { ThrottlePolicy.dynamic.reads($0) && !ThrottlePolicy.predictive.reads($0) }
        return named ?? (isStep && defaultPolicy == .predictive ? .dynamic : defaultPolicy)
    }

    /// The parameters that were asked for.
    private var given: [ThrottleParameters.CodingKeys] {
        let all: [(key: ThrottleParameters.CodingKeys, isGiven: Bool)] = [
            (.isResponsive, cpuResponsiveThrottle),
            (.isPeriodic, cpuPeriodicThrottle != nil),
            (.periodicInterval, cpuPeriodicThrottleInterval != nil),
            (.tailStart, cpuThrottleTailStart != nil),
            (.tailRate, cpuThrottleTailRate != nil),
            (.geometricRate, cpuThrottleGeometricRate != nil),
        ]
        return (throttlePolicy == nil ? [] : [.policy]) + steps.given + all.filter(\.isGiven).map(\.key)
    }

    /// The parameter that was asked for, if any was: one of them, for an error.
    var nameOfOneGiven: String? { name(ofOneOf: given) }

    /// One that was asked for and does nothing without auto-converge. A dirty limit waits for the same trigger.
    func nameOfOneNeedless(withDirtyLimit: Bool) -> String? {
        name(ofOneOf: withDirtyLimit ? given.filter { $0 != .triggerThreshold } : given)
    }

    /// One that was asked for and says when to sync, which nothing can where the samples are given.
    var nameOfOneForSyncs: String? { given.first { [.isPeriodic, .periodicInterval].contains($0) }?.rawValue }

    private func name(ofOneOf keys: [ThrottleParameters.CodingKeys]) -> String? {
        keys.first?.rawValue ?? (cpuThrottleTailslow ? "cpu-throttle-tailslow" : nil)
    }
}
