/// How far the throttle steps when its trigger fires.
package enum ThrottleStep: Hashable, Sendable {
    /// Straight to the 2013 proposal's duty cycle.
    case legacy2013
    /// An initial throttle, then an increment. Once the throttle is at `tailStart`, a step takes `tailRate` % of what
    /// remains, rounded up, and never more than the increment.
    case increment(initial: Int, by: Int, tailStart: Int, tailRate: Int)
    /// Each step takes `rate` % of what remains, rounded up.
    case geometric(rate: Int)
    /// An initial throttle, then no further than to the speed at which the guest would have dirtied just `threshold` %
    /// of what was transferred, and never further than an increment.
    case tailslow(initial: Int, increment: Int, threshold: Int)

    /// The step of a policy, nil for one that does not step.
    package init?(_ parameters: ThrottleParameters) {
        switch parameters.policy {
        case .legacy2013:
            self = .legacy2013
        case .dynamic:
            self = .increment(initial: parameters.initial, by: parameters.increment, tailStart: 100, tailRate: 100)
        case .tailslowFixed:
            self = .increment(initial: parameters.initial, by: parameters.increment, tailStart: 80, tailRate: 30)
        case .tailslowParameters:
            self = .increment(
                initial: parameters.initial, by: parameters.increment, tailStart: parameters.tailStart,
                tailRate: parameters.tailRate)
        case .geometric:
            self = .geometric(rate: parameters.geometricRate)
        case .tailslow:
            self = .tailslow(
                initial: parameters.initial, increment: parameters.increment, threshold: parameters.triggerThreshold)
        case .predictive:
            return nil
        }
    }

    /// The throttle after a step from `current` %, in %; not yet capped.
    package func next(after current: Int, on sample: PeriodSample) -> Int {
        switch self {
        case .legacy2013:
            return ThrottlePercentage.legacy2013.rawValue
        case .geometric(let rate):
            return current + Self.share(rate, ofRemainderAfter: current)
        case .increment(let initial, let increment, let tailStart, let tailRate):
            guard current > 0 else { return initial }
            guard current >= tailStart else { return current + increment }
            return current + min(increment, Self.share(tailRate, ofRemainderAfter: current))
        case .tailslow(let initial, let increment, let threshold):
            guard current > 0 else { return initial }
            // A sample that made a trigger fire dirtied something.
            let allowed = sample.bytesTransferred * threshold / 100
            let speed = 100 - current
            let idealSpeed = sample.bytesDirtied > 0 ? speed * allowed / sample.bytesDirtied : speed
            return current + min(max(0, speed - idealSpeed), increment)
        }
    }

    /// `rate` % of the guest speed that is left, rounded up.
    private static func share(_ rate: Int, ofRemainderAfter current: Int) -> Int {
        ((100 - current) * rate + 99) / 100
    }
}

extension ThrottlePercentage {
    /// Kicked each 25 ms, asleep 50 ms each time: 50 of 75 ms.
    static let legacy2013 = ThrottlePercentage(clamping: 67)
}
