/// The cheapest way to finish, as a throttle for each amount of remaining memory.
///
/// An iteration that begins with `P` bytes takes `P / rate`, and leaves what the guest writes in that time at its speed.
/// So the cost of finishing from `P` bytes is, over all throttles, the least of what that iteration costs and the cost of
/// finishing from what it leaves: Bellman's equation in one variable. As no plan lets the rest grow, one sweep over
/// ascending amounts solves it.
package struct ConvergencePlan: Hashable, Sendable {
    /// What is known when a plan is made.
    package struct Conditions: Hashable, Sendable {
        /// Bytes to be sent now.
        package var remaining: Double
        /// Bytes of RAM that move in a second.
        package var rate: Double
        /// Seconds that an iteration takes beside its transfer.
        package var pause: Double
        /// Bytes that may be left at the end.
        package var target: Double
        /// The highest throttle, in %.
        package var maximum: Int

        package init(remaining: Double, rate: Double, pause: Double, target: Double, maximum: Int) {
            self.remaining = remaining
            self.rate = rate
            self.pause = pause
            self.target = target
            self.maximum = maximum
        }
    }

    /// The cost of finishing from an amount of remaining memory, and how.
    private struct Stage: Hashable {
        var remaining: Double
        var throttle = 0
        var cost = Double.infinity
        var time = Double.infinity
        var workLost = Double.infinity
    }

    /// Seconds of migration that are worth a second of the guest's work.
    private static let workPrice = 20.0

    /// To be set at once, in %.
    package let throttle: Int
    /// Seconds until what remains fits into the downtime; infinite when it never does.
    package let time: Double
    /// Seconds of guest time that the plan takes away until then.
    package let workLost: Double

    package var finishes: Bool { time.isFinite }

    package init(for curve: WriteCurve, under conditions: Conditions) {
        let lowest = max(1, conditions.target)
        guard conditions.remaining > lowest else {
            (throttle, time, workLost) = (0, 0, 0)
            return
        }
        // The 64th root, by six square roots.
        let factor = (0..<6).reduce(conditions.remaining / lowest) { root, _ in root.squareRoot() }
        var stages = [Stage(remaining: lowest, cost: 0, time: 0, workLost: 0)]
        var now = stages[0]
        for _ in 0..<64 {
            now = Self.best(from: now.remaining * factor, after: stages, curve: curve, under: conditions)
            stages.append(now)
        }
        (throttle, time, workLost) = (now.throttle, now.time, now.workLost)
    }

    private static func best(
        from remaining: Double, after stages: [Stage], curve: WriteCurve, under conditions: Conditions
    ) -> Stage {
        var best = Stage(remaining: remaining)
        let iteration = remaining / conditions.rate + conditions.pause
        for throttle in 0...conditions.maximum {
            let speed = 1 - Double(throttle) / 100
            let left = curve.bytes(within: iteration * speed)
            guard left < remaining else { continue }
            let step = Stage(
                remaining: left, throttle: throttle, cost: iteration * (1 - speed + 1 / workPrice), time: iteration,
                workLost: iteration * (1 - speed))
            let total = Self.total(of: step, from: remaining, after: stages)
            // Not for a hundredth of the cost: the weaker throttle is as good.
            if total.cost < best.cost * 0.99 { best = total }
        }
        best.remaining = remaining
        return best
    }

    /// The cost of a step and of all that follows it.
    private static func total(of step: Stage, from remaining: Double, after stages: [Stage]) -> Stage {
        guard step.remaining > stages[0].remaining else { return step }
        var result = step
        let last = stages[stages.count - 1]
        if step.remaining <= last.remaining {
            let above = stages.firstIndex { $0.remaining >= step.remaining } ?? stages.count - 1
            // Below the first stage all is done and above it an iteration is needed: nothing to interpolate there.
            let below = max(above - 1, 1)
            let span = stages[above].remaining - stages[below].remaining
            let share = span > 0 ? (step.remaining - stages[below].remaining) / span : 1
            func between(_ cost: KeyPath<Stage, Double>) -> Double {
                stages[below][keyPath: cost] + (stages[above][keyPath: cost] - stages[below][keyPath: cost]) * share
            }
            result.cost += between(\.cost)
            result.time += between(\.time)
            result.workLost += between(\.workLost)
            return result
        }
        guard stages.count > 1 else {
            result.cost = .infinity
            return result
        }
        // It stays above all stages that are known: the same step is made until it does not.
        let steps = (remaining - last.remaining) / (remaining - step.remaining)
        result.cost = step.cost * steps + last.cost
        result.time = step.time * steps + last.time
        result.workLost = step.workLost * steps + last.workLost
        return result
    }
}
