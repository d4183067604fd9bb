/// How auto-converge slows a guest that writes faster than its memory moves. Raw values are those of
/// `--throttle-policy`.
public enum ThrottlePolicy: String, CaseIterable, Hashable, Sendable, Codable {
    /// The 2013 proposal: on from the 7th high sample, two thirds of the time asleep, no steps.
    ///
    /// It slept 50 ms after every 25; here it is a throttle of 67 % like any other, in slices of 10 ms of running and 20 ms
    /// of sleep. It obeys `max-cpu-throttle`, too, which the proposal did not have.
    case legacy2013 = "legacy-2013"
    /// QEMU 2.5 and later: an initial throttle, then a fixed increment.
    case dynamic
    /// As ``dynamic``, with steps of 30 % of what remains once the throttle is at 80 %.
    case tailslowFixed = "tailslow-fixed"
    /// As ``tailslowFixed``, with the start of the tail and its rate as parameters.
    case tailslowParameters = "tailslow-parameters"
    /// Each step takes 30 % (a parameter) of the guest speed that remains.
    case geometric
    /// QEMU's `cpu-throttle-tailslow`: no step further than the speed at which the sample would not have been high.
    case tailslow
    /// Ours, and the default: the throttle that a model of the guest's writes says is the cheapest way to finish.
    case predictive
}
