/// What would let a migration finish that does not finish at any throttle.
package struct ConvergenceAdvice: Hashable, Sendable {
    /// The highest throttle, in %.
    package let maximum: Int
    /// Bytes of RAM that move in a second, and how many would have to; nil if no rate up to 1000 times as high will do.
    package let rate: Double
    package let sufficientRate: Double?
    /// Bytes that fit into the downtime, and how many remain at the highest throttle.
    package let affordable: Double
    package let remaining: Double

    package init(for curve: WriteCurve, under conditions: ConvergencePlan.Conditions) {
        maximum = conditions.maximum
        rate = conditions.rate
        affordable = conditions.target
        let speed = 1 - Double(conditions.maximum) / 100

        // What remains after many iterations at the highest throttle. It only falls, so that this ends.
        var pending = conditions.remaining
        for _ in 0..<100 {
            let next = curve.bytes(within: (pending / conditions.rate + conditions.pause) * speed)
            guard next < pending * 0.999 else { break }
            pending = next
        }
        remaining = pending

        sufficientRate = (1...40).lazy
            .map { step in (0..<step).reduce(1.0) { factor, _ in factor * 1.2 } }
            .first { factor in
                var faster = conditions
                faster.rate *= factor
                faster.target *= factor
                return ConvergencePlan(for: curve, under: faster).finishes
            }
            .map { $0 * conditions.rate }
    }
}

extension ConvergenceAdvice: CustomStringConvertible {
    package var description: String {
        guard affordable > 0 else {
            return "the switchover takes the whole downtime limit without a single page: needs a higher downtime limit"
        }
        let downtime = max(0, remaining - affordable) / rate
        let faster =
            sufficientRate.map {
                "about \(Int(saturating: $0).byteText)/s instead of \(Int(saturating: rate).byteText)/s, "
            } ?? ""
        return
            "even \(maximum) % leave \(Int(saturating: remaining).byteText) and \(Int(saturating: affordable).byteText) fit the downtime: needs "
            + faster + "a downtime limit \(downtime.threeFigures) s higher, or fewer bytes a page (deltas, compression)"
    }
}
