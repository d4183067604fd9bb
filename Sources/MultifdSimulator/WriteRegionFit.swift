import Foundation

/// The size, rate and pattern of one region that explain best what iterations left to be sent, given how the guest ran.
struct WriteRegionFit {
    /// One iteration.
    struct Observation {
        /// Bytes that were to be sent when it began.
        var toSend: Double
        /// The times between its syncs; the last sync is that at its end.
        var periods: [Period]
        /// Bytes that were to be sent when it was over.
        var remaining: Double
        /// The more syncs, the more it matters where in memory the guest wrote when, and nobody knows.
        var weight: Double { 1 / Double(periods.count) }
    }

    struct Period {
        /// Seconds that the guest ran for.
        var guestTime: Double
        /// How far the iteration was at the end, 0...1.
        var position: Double
    }

    /// What need not be found out, because the guest tells it.
    struct Writes {
        /// Bytes a second.
        var rate: Double
        var pattern: WriteRegion.Pattern
    }

    /// More iterations than this tell no more.
    static let observationLimit = 256
    private static let growths = [1, 1.02, 1.05, 1.1, 1.2, 1.4, 1.7, 2, 3, 5]
    /// The lowest rate writes it all in an hour, and each is this many times the one before: the highest does in about a
    /// millisecond.
    private static let coarseStep = 1.28
    private static let coarseCount = 62
    private static let fineCount = 20
    /// What a higher rate may be wrong by more, as a mean square, and explain a run as well.
    private static let tolerance = 1e-4

    private let observations: [Observation]
    /// Nil when only the observations tell.
    private let known: Writes?

    init(_ observations: [Observation], known: Writes? = nil) {
        self.observations = observations.filter { $0.periods.reduce(0) { $0 + $1.guestTime } > 0.001 }
        self.known = known
    }

    func region(vcpuCount: Int) -> WriteRegion {
        let largest = observations.reduce(0) { max($0, $1.remaining) }
        let limit = observations.reduce(0) { max($0, $1.toSend) }
        guard largest > 0 else { return WriteRegion(byteCount: 0, writeRate: 0, vcpuCount: vcpuCount) }
        var best = Candidate(region: WriteRegion(byteCount: Int(largest), writeRate: 0))
        for pattern in known.map({ [$0.pattern] }) ?? WriteRegion.Pattern.allCases {
            for growth in Self.growths where growth == 1 || largest * growth <= limit {
                let region = WriteRegion(
                    byteCount: Int(largest * growth), writeRate: 0, pattern: pattern, vcpuCount: vcpuCount)
                best.improve(with: candidate(for: region))
            }
        }
        best.region.isRateLowerBound = known == nil && explainsAsWell(best, rate: best.region.writeRate * 4)
        return best.region
    }

    private struct Candidate {
        var region: WriteRegion
        /// The mean square of what it is wrong by, as a part of what was seen.
        var error = Double.infinity

        /// Of two that explain as much, the first is kept.
        mutating func improve(with other: Candidate) {
            if other.error < error * 0.999 { self = other }
        }
    }

    /// With the best rate. Rates are tried in ascending order, so that of those that explain as much the lowest is taken.
    private func candidate(for region: WriteRegion) -> Candidate {
        if let known { return candidate(for: region, rate: known.rate) }
        let lowest = Double(region.byteCount) / 3600
        let coarse = (0..<Self.coarseCount).map { lowest * pow(Self.coarseStep, Double($0)) }
        let about = best(of: coarse, for: region).region.writeRate
        let fine = (-Self.fineCount...Self.fineCount).map {
            about * pow(Self.coarseStep, Double($0) / Double(Self.fineCount))
        }
        return best(of: fine, for: region)
    }

    private func best(of rates: [Double], for region: WriteRegion) -> Candidate {
        var best = Candidate(region: region)
        for rate in rates { best.improve(with: candidate(for: region, rate: rate)) }
        return best
    }

    private func candidate(for region: WriteRegion, rate: Double) -> Candidate {
        var region = region
        region.writeRate = rate
        return Candidate(region: region, error: error(of: region))
    }

    private func explainsAsWell(_ best: Candidate, rate: Double) -> Bool {
        candidate(for: best.region, rate: rate).error <= best.error + Self.tolerance
    }

    private func error(of region: WriteRegion) -> Double {
        var (sum, weights) = (0.0, 0.0)
        for seen in observations {
            let scale = max(seen.remaining, Double(region.byteCount) / 20)
            let wrong = (remaining(of: region, after: seen) - seen.remaining) / scale
            sum += seen.weight * min(wrong * wrong, 4)
            weights += seen.weight
        }
        return weights > 0 ? sum / weights : 0
    }

    /// Bytes that are to be sent after an iteration, as the simulator has it.
    private func remaining(of region: WriteRegion, after seen: Observation) -> Double {
        var part = SimulatedMemory.Part(region: region)
        part.ahead = min(1, seen.toSend / part.byteCount)
        var position = 0.0
        for period in seen.periods {
            part.written = region.writeRate * period.guestTime
            part.advance(from: position, to: period.position)
            position = period.position
            _ = part.sync(at: position)
        }
        return part.byteCount * part.behind
    }
}
