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
    /// Seconds of downtime limit that would do; nil if no limit that gives pages up to 1000 times as long will.
    package let sufficientDowntimeLimit: Double?
    /// What else an estimate of the downtime has room for: ``SwitchoverEstimator`` takes a tenth more than the rate tells, and
    /// the latency of iterations that are too small to tell one.
    private static let room = 1.25

    package init(for curve: WriteCurve, under conditions: ConvergencePlan.Conditions, at outlook: MigrationOutlook) {
        maximum = conditions.maximum
        rate = conditions.rate
        affordable = conditions.target
        remaining = Self.remaining(for: curve, under: conditions)

        func leastFactor(_ change: (inout ConvergencePlan.Conditions, Double) -> Void) -> Double? {
            (1...40).lazy.map { step in (0..<step).reduce(1.0) { factor, _ in factor * 1.2 } }.first { factor in
                var conditions = conditions
                change(&conditions, factor)
                return ConvergencePlan(for: curve, under: conditions).finishes
            }
        }
        sufficientRate = leastFactor { conditions, factor in
            conditions.rate *= factor
            conditions.target *= factor
        }.map { $0 * conditions.rate }
        let overhead = outlook.switchoverOverhead.seconds
        guard conditions.target > 0 else {
            // Nothing fits into the limit as it is, so that there is no multiple of it to be found, but of what remains anyhow.
            let least = max(remaining, Double(Page.byteCount))
            let lately = outlook.ramBytesPerSecond ?? conditions.rate
            sufficientDowntimeLimit = leastFactor { conditions, factor in conditions.target = least * factor }
                .map { overhead + least * $0 * 1.2 * Self.room / lately }
            return
        }
        // What pages may take of it, and so the bytes that fit, grows in proportion. A step more, because the plan is tight.
        sufficientDowntimeLimit = leastFactor { conditions, factor in conditions.target *= factor }
            .map { overhead + (outlook.downtimeLimit.seconds - overhead) * $0 * 1.2 }
    }

    /// Bytes that remain after many iterations at the highest throttle.
    static func remaining(for curve: WriteCurve, under conditions: ConvergencePlan.Conditions) -> Double {
        let speed = 1 - Double(conditions.maximum) / 100
        var pending = conditions.remaining
        // It only falls, so that this ends.
        for _ in 0..<100 {
            let next = curve.bytes(within: (pending / conditions.rate + conditions.pause) * speed)
            guard next < pending * 0.999 else { break }
            pending = next
        }
        return pending
    }
}

extension ConvergenceAdvice: CustomStringConvertible {
    package var description: String {
        guard affordable > 0 else {
            return "the switchover takes the whole downtime limit without a single page: needs a higher downtime limit"
        }
        var needs: [String] = []
        if let sufficientRate {
            needs.append(
                "about \(Int(saturating: sufficientRate).byteText)/s instead of \(Int(saturating: rate).byteText)/s")
        }
        if let sufficientDowntimeLimit {
            needs.append("a downtime limit of \((sufficientDowntimeLimit * 100).rounded(.up) / 100) s")
        }
        needs.append("fewer bytes a page (deltas, compression)")
        return "even \(maximum) % leave \(Int(saturating: remaining).byteText) and "
            + "\(Int(saturating: affordable).byteText) fit the downtime: needs " + needs.joined(separator: ", or ")
    }
}
