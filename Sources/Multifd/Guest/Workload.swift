/// What a built-in guest's vCPUs do.
package enum Workload: String, CaseIterable, Sendable {
    /// Nothing but count the ticks of a clock.
    case idle
    /// Rewrites every page of the working set in turn.
    case stress
    /// Rewrites pages of the working set, each equally likely.
    case random
    /// Rewrites pages of the working set, few of them most of the time: Zipf's law with exponent 1.
    case hotset
    /// Counts up eight numbers in every page of the working set in turn.
    case counter
    /// A quarter of the steps, on a quarter of the working set, of each: stress, random, hotset, counter.
    case mixed
}
