import ArgumentParser
import Multifd

/// When to throttle and how far at a time: what QEMU's policies and ours have in common.
struct ThrottleStepOptions: ParsableArguments {
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

    /// Puts what was asked for in its place.
    func apply(to parameters: inout ThrottleParameters) {
        if let throttleTriggerThreshold { parameters.triggerThreshold = throttleTriggerThreshold }
        if let cpuThrottleInitial { parameters.initial = cpuThrottleInitial }
        if let cpuThrottleIncrement { parameters.increment = cpuThrottleIncrement }
        if let maxCpuThrottle { parameters.maximum = maxCpuThrottle }
    }

    /// The parameters that were asked for.
    var given: [ThrottleParameters.CodingKeys] {
        let all: [(key: ThrottleParameters.CodingKeys, isGiven: Bool)] = [
            (.triggerThreshold, throttleTriggerThreshold != nil),
            (.initial, cpuThrottleInitial != nil),
            (.increment, cpuThrottleIncrement != nil),
            (.maximum, maxCpuThrottle != nil),
        ]
        return all.filter(\.isGiven).map(\.key)
    }
}
