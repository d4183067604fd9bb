import Foundation

/// The size, rate and pattern of one region that explain best what a guest was seen to dirty in given times.
struct WriteRegionFit {
    /// Different bytes dirtied in a time that the guest ran for.
    struct Observation {
        /// In seconds.
        var guestTime: Double
        var bytes: Double
    }

    private let observations: [Observation]

    init(_ observations: [Observation]) {
        self.observations = observations.filter { $0.guestTime > 0.001 }
    }

    func region(vcpuCount: Int) -> WriteRegion {
        let largest = observations.reduce(0) { max($0, $1.bytes) }
        guard largest > 0 else { return WriteRegion(byteCount: 0, writeRate: 0, vcpuCount: vcpuCount) }
        var best = (region: WriteRegion(byteCount: Int(largest), writeRate: 0), error: Double.infinity)
        for pattern in [WriteRegion.Pattern.sequential, .random] {
            for growth in [1, 1.02, 1.05, 1.1, 1.2, 1.4, 1.7, 2, 3, 5] {
                // A rate that writes it all in an hour, to one that does in a millisecond; ascending, so that of rates
                // that explain as much the lowest is taken.
                for step in 0..<600 {
                    let size = largest * growth
                    let region = WriteRegion(
                        byteCount: Int(size), writeRate: size / 3600 * exp(Double(step) / 600 * log(3.6e6)),
                        pattern: pattern, vcpuCount: vcpuCount)
                    let error = error(of: region)
                    if error < best.error * 0.999 { best = (region, error) }
                }
            }
        }
        return best.region
    }

    /// The mean square of what it is wrong by, as a part of what was seen.
    private func error(of region: WriteRegion) -> Double {
        observations.reduce(0) { sum, seen in
            let expected = Double(region.byteCount) * region.share(afterWriting: region.writeRate * seen.guestTime)
            let scale = max(seen.bytes, Double(region.byteCount) / 100)
            let wrong = (expected - seen.bytes) / scale
            return sum + min(wrong * wrong, 4)
        } / Double(max(observations.count, 1))
    }
}
