/// How many different bytes a guest writes within a time that it runs for, learnt from syncs.
///
/// Whatever the guest does, the curve never falls, and does not rise faster than in proportion to time: writes hit pages
/// already written more and more often. A guest changes, though. So the newest observation is taken as true, and older ones
/// are bent as little as it takes to agree with it under these two rules. Those of much longer times are bent down a part of
/// the way only: a moment in which a guest is a little calmer does not refute what it wrote in minutes, one in which it
/// hardly writes does. And a busier moment takes as much of that back: else a guest that is calm and busy by turns would be
/// taken for one that is always calm.
///
/// Between observations, time per byte is linear in time: exact for a constant rate (it is constant) and for a working set
/// that is written all over (it is `time / size`), and close to `size × (1 − exp(−rate × time / size))` between the two.
package struct WriteCurve: Hashable, Sendable {
    private struct Point: Hashable {
        /// How many times as long a time an observation tells of in full, for each time that it is calmer or busier
        /// than believed.
        private static let reach = 2.0

        /// Seconds of running.
        var time: Double
        /// At least 1, so that time per byte is finite.
        var bytes: Double
        /// What ``bytes`` was before calmer moments of shorter times bent it down.
        private var peak: Double
        var timePerByte: Double { time / bytes }

        init(time: Double, bytes: Double) {
            self.time = time
            self.bytes = max(1, bytes)
            peak = self.bytes
        }

        /// Agrees with what was seen.
        mutating func bend(to seen: Point) {
            let inProportion = time / seen.timePerByte
            let bounds = min(seen.bytes, inProportion)...max(seen.bytes, inProportion)
            func share(of change: Double) -> Double { min(1, Self.reach * change * seen.time / time) }
            let bent = max(1, min(max(bytes, bounds.lowerBound), bounds.upperBound))
            bytes += (bent - bytes) * (bent < bytes ? share(of: bytes / bent) : 1)
            guard seen.time < time else {
                peak = bytes
                return
            }
            peak = max(peak, bytes)
            let unbent = min(peak, bounds.upperBound)
            if unbent > bytes { bytes += (unbent - bytes) * share(of: unbent / bytes) }
        }
    }

    /// Observations nearer than this factor replace each other.
    private static let spacing = 1.15
    /// Ascending times.
    private var points: [Point] = []

    package init() {}

    /// Learns that the guest wrote `bytes` different bytes in `time` seconds of running.
    package mutating func observe(time: Double, bytes: Double) {
        guard time > 0 else { return }
        let seen = Point(time: time, bytes: bytes)
        points.removeAll { $0.time < time * Self.spacing && time < $0.time * Self.spacing }
        var floor = 0.0
        for index in points.indices {
            points[index].bend(to: seen)
            // Where calmer moments are taken back, shorter times come closer to what they were.
            floor = max(floor, points[index].bytes)
            points[index].bytes = floor
        }
        points.insert(seen, at: points.firstIndex { $0.time > time } ?? points.endIndex)
    }

    /// The different bytes expected to be written in `time` seconds of running.
    package func bytes(within time: Double) -> Double {
        guard time > 0, let first = points.first, let last = points.last else { return 0 }
        guard let second = points.dropFirst().first else { return time / first.timePerByte }
        if time <= first.time {
            // Nothing was seen of so short a time: the line through the next two observations goes on, but not to more bytes
            // than those of the first.
            return time / max(Self.timePerByte(at: time, from: first, to: second), time / first.bytes)
        }
        let above = points.firstIndex { $0.time >= time } ?? points.endIndex - 1
        let perByte = Self.timePerByte(at: time, from: points[above - 1], to: points[above])
        guard time > last.time else { return time / perByte }
        return max(time / max(perByte, last.timePerByte), last.bytes)
    }

    private static func timePerByte(at time: Double, from left: Point, to right: Point) -> Double {
        let share = (time - left.time) / (right.time - left.time)
        return left.timePerByte + (right.timePerByte - left.timePerByte) * share
    }
}
